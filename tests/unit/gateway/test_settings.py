import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings


def test_hosts_come_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNDOG_GATEWAY_ALLOWED_HOSTS", "Sundog.example, other.example,")

    assert GatewaySettings().allowed_hosts == ("sundog.example", "other.example")


def test_settings_are_frozen() -> None:
    settings = GatewaySettings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # what is tried here
