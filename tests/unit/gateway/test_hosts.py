import pytest

from gateway.hosts import host_name, served_names
from gateway.settings import GatewaySettings


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8080", "localhost"),
        ("127.0.0.1:1", "127.0.0.1"),
        ("[::1]:8080", "::1"),
        ("[::1]", "::1"),
        ("", ""),
        ("localhost.evil.example:80", "localhost.evil.example"),
        ("localhost.", "localhost"),
        ("Sundog.Example.:443", "sundog.example"),
        ("localhost..", "localhost."),
        ("[0:0:0:0:0:0:0:1]:80", "::1"),
        ("[::FFFF:7F00:1]", "::ffff:7f00:1"),
        ("localhost:", "localhost"),
        ("localhost:evil", ""),
        ("localhost:80:80", ""),
        ("localhost:123456", ""),
        ("evil.example:80@localhost", ""),
        ("::1", ""),
        ("[::1]evil.example", ""),
        ("[::1", ""),
        ("[::1%25lo]", ""),
        ("[::g]", ""),
        ("[localhost]", ""),
    ],
)
def test_a_host_header_has_a_name(header: str, name: str) -> None:
    assert host_name(header) == name


def test_on_loopback_its_names_and_the_allowed_ones_are_served() -> None:
    settings = GatewaySettings(allowed_hosts=("sundog.example",))

    assert served_names(settings) == {"localhost", "127.0.0.1", "::1", "sundog.example"}


def test_elsewhere_every_name_is_served_unless_some_are_allowed() -> None:
    assert served_names(GatewaySettings(host="0.0.0.0")) is None
    assert served_names(GatewaySettings(host="0.0.0.0", allowed_hosts=("a.example",))) == {"a.example"}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_loopback_is_open_unless_told(host: str) -> None:
    assert GatewaySettings(host=host).is_open
    assert GatewaySettings(host="0.0.0.0", published=host).is_open
    assert not GatewaySettings(host=host, open=False).is_open


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "sundog.example", ""])
def test_elsewhere_it_asks_for_keys_unless_told(host: str) -> None:
    assert not GatewaySettings(host=host).is_open
    assert not GatewaySettings(host="127.0.0.1", published=host or "0.0.0.0").is_open
    assert GatewaySettings(host=host, open=True).is_open
