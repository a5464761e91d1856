import pytest

from common.errors import ConfigurationError
from gateway.hosts import check_exposure, host_name, served_names
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
def test_loopback_is_open(host: str) -> None:
    check_exposure(GatewaySettings(host=host))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "sundog.example", ""])
def test_elsewhere_it_refuses_to_start_unless_told(host: str) -> None:
    with pytest.raises(ConfigurationError, match="everybody"):
        check_exposure(GatewaySettings(host=host))
    check_exposure(GatewaySettings(host=host, open=True))
