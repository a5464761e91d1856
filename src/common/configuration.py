"""Settings from the environment, with errors for a person."""

from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings

from common.errors import ConfigurationError

SettingsT = TypeVar("SettingsT", bound=BaseSettings)


def read_settings(settings: type[SettingsT], **given: Any) -> SettingsT:
    """Read one class of settings from the environment.

    Args:
        settings: the class.
        given: values that were said otherwise, on the command line, and go before those of the environment.

    Raises:
        ConfigurationError: names each variable that is missing or wrong, and never shows a value.
    """
    try:
        return settings(**given)
    except ValidationError as error:
        prefix = str(settings.model_config.get("env_prefix", ""))
        flaws = [f"{_variable(prefix, flaw['loc'])}: {flaw['msg']}" for flaw in error.errors(include_input=False)]
        raise ConfigurationError(
            f"The environment is not right: {'; '.join(flaws)}.", advice="See docs/configuration.md for all variables."
        ) from None


def _variable(prefix: str, location: tuple[int | str, ...]) -> str:
    return prefix + "_".join(str(part).upper() for part in location)
