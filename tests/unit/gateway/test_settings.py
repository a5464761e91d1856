import pytest
from pydantic import ValidationError

from gateway.settings import GatewaySettings


def test_hosts_come_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUNDOG_GATEWAY_ALLOWED_HOSTS", "Sundog.example, other.example,")

    assert GatewaySettings().allowed_hosts == ("sundog.example", "other.example")


def test_a_default_over_its_bound_is_refused() -> None:
    with pytest.raises(ValidationError, match="SUNDOG_GATEWAY_TASK_MEMORY_MB is more"):
        GatewaySettings(task_memory_mb=512, task_memory_mb_most=256)


def test_settings_are_frozen() -> None:
    settings = GatewaySettings()

    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1  # type: ignore[misc]  # what is tried here
