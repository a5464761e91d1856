"""Settings from the environment, with errors for a person."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from common.errors import ConfigurationError

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def read_settings(settings: type[SettingsT]) -> SettingsT:
    """Read one class of settings from the environment.

    Raises:
        ConfigurationError: names each variable that is missing or wrong, and never shows a value.
    """
    try:
        return settings()
    except ValidationError as error:
        prefix = str(settings.model_config.get("env_prefix", ""))
        flaws = [f"{_variable(prefix, flaw['loc'])}: {flaw['msg']}" for flaw in error.errors(include_input=False)]
        raise ConfigurationError(
            f"The environment is not right: {'; '.join(flaws)}.", advice="See docs/configuration.md for all variables."
        ) from None


def _variable(prefix: str, location: tuple[int | str, ...]) -> str:
    return prefix + "_".join(str(part).upper() for part in location)
