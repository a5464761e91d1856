"""Where in the params a model found a fault, as a JSON Pointer (RFC 6901) that leads there."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic_core import ErrorDetails

PARAMS: Final = "/params"


def place_of(fault: ErrorDetails, params: Mapping[str, Any]) -> str:
    """The pointer to a fault.

    Of a fault in one of several forms, pydantic's own location names the form as well: what is not in the params is
    left out, except for the name of what is missing.

    Args:
        fault: of pydantic's.
        params: what the model was given.
    """
    found: list[str | int] = []
    value: Any = params
    for part in fault["loc"]:
        if _is_in(part, value):
            found.append(part)
            value = value[part]
    if fault["type"] == "missing":
        found.append(fault["loc"][-1])
    return PARAMS + "".join(f"/{_escaped(part)}" for part in found)


def _is_in(part: str | int, value: Any) -> bool:
    if isinstance(value, Mapping):
        return part in value
    return isinstance(part, int) and isinstance(value, Sequence) and not isinstance(value, str) and part < len(value)


def _escaped(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")
