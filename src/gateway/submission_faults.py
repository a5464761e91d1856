"""What is wrong with the shape of a task that is asked for, in our own words: those of the library speak of Python."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from pydantic_core import ErrorDetails

from gateway.faults import Fault
from gateway.json_pointer import short_pointer
from gateway.near_words import did_you_mean

A_TIME: Final = "must be a time with its offset, like 2026-11-22T09:00:00Z"
A_DATASET: Final = "must be a dataset's id: PUT the file to /v1/datasets/NAME first"
UNKNOWN_FIELD: Final = "is no field of a task"

# Type of the library's error → what is wanted there, from what the error knows.
WANTED: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "missing": lambda _: "is missing",
    "model_type": lambda _: "must be a JSON object",
    "dict_type": lambda _: "must be an object",
    "tuple_type": lambda _: "must be a list",
    "string_type": lambda _: "must be a text",
    "string_unicode": lambda _: "must be a text of whole characters",
    "string_too_short": lambda about: f"must have at least {about['min_length']} character",
    "string_too_long": lambda about: f"must have at most {about['max_length']} characters",
    "too_long": lambda about: f"must have at most {about['max_length']} entries",
    "int_type": lambda _: "must be a whole number",
    "greater_than_equal": lambda about: f"must be ≥ {about['ge']}",
    "less_than_equal": lambda about: f"must be ≤ {about['le']}",
    "bool_type": lambda _: "must be true or false",
    "uuid_type": lambda _: A_DATASET,
    "uuid_parsing": lambda _: A_DATASET,
    "value_error": lambda about: str(about["error"]),  # raised by ourselves
    **dict.fromkeys(
        (
            "datetime_type",
            "datetime_parsing",
            "datetime_from_date_parsing",
            "datetime_object_invalid",
            "timezone_aware",
            "timezone_offset",
        ),
        lambda _: A_TIME,
    ),
}


def fault_of(error: ErrorDetails, *, fields: Collection[str]) -> Fault:
    """The fault that the library found.

    Args:
        error: the library's.
        fields: the names that there are.
    """
    path = [part for part in error["loc"] if part != "[key]"]
    place, beginning = short_pointer(path)
    return Fault(pointer=place, detail=beginning + _detail(error, fields=fields))


def _detail(error: ErrorDetails, *, fields: Collection[str]) -> str:
    if error["type"] == "extra_forbidden":
        meant = did_you_mean(str(error["loc"][-1]), fields)
        return UNKNOWN_FIELD if meant is None else f"{UNKNOWN_FIELD}. {meant}"
    say = WANTED.get(error["type"])
    return "cannot be taken" if say is None else say(error.get("ctx", {}))
