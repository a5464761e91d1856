import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings


def test_hosts_come_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNDOG_GATEWAY_ALLOWED_HOSTS", "Sundog.example, other.example,")

    assert GatewaySettings().allowed_hosts == ("sundog.example", "other.example")


def test_proxies_are_addresses_and_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNDOG_GATEWAY_TRUSTED_PROXIES", "127.0.0.1, 10.1.0.0/16,fd00::/8")

    assert GatewaySettings().trusted_proxies == ("127.0.0.1", "10.1.0.0/16", "fd00::/8")


@pytest.mark.parametrize("value", ["*", "proxy.example", "10.1.0.1/16", "127.0.0.1 10.0.0.1"])
def test_what_names_no_address_is_not_trusted_in_silence(value: str) -> None:
    with pytest.raises(ValidationError, match="trusted_proxies"):
        GatewaySettings(trusted_proxies=(value,))


def test_a_default_over_its_bound_is_refused() -> None:
    with pytest.raises(ValidationError, match="SUNDOG_GATEWAY_TASK_MEMORY_MB is more"):
        GatewaySettings(task_memory_mb=512, task_memory_mb_most=256)


def test_settings_are_frozen() -> None:
    settings = GatewaySettings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # what is tried here
