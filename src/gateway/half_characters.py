"""Halves of characters (lone surrogates): JSON can write one as an escape, and nothing in UTF-8 can hold it.

No child could be told of it, and no client could read it back. So it is refused where it comes in.

Where it stands is found by halving, since the library that writes JSON tells in no time whether some values can be
written; a value that is large and nested deep, too, would cost that at every level.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import PydanticSerializationError, to_json

from gateway.errors import Fault
from gateway.json_pointer import short_pointer

MOST_LEVELS: Final = 8
IN_TEXT: Final = "must be a text of whole characters"
IN_NAME: Final = "has a name that is no text of whole characters"
WITHIN: Final = "has a text within that is not of whole characters"


def half_character_in(value: Any) -> Fault | None:
    """Where the first one in a JSON value stands, if there is one."""
    if _is_whole(value):
        return None
    place: list[str | int] = []
    while isinstance(value, dict | list) and len(place) < MOST_LEVELS:
        if isinstance(value, dict) and not _is_whole("".join(value)):
            return _fault(place, IN_NAME)
        inner = list(value.values()) if isinstance(value, dict) else value
        number = _first_with_one(inner)
        place.append(list(value)[number] if isinstance(value, dict) else number)
        value = inner[number]
    return _fault(place, IN_TEXT if isinstance(value, str) else WITHIN)


def _first_with_one(values: Sequence[Any]) -> int:
    start, end = 0, len(values)
    while end - start > 1:
        middle = (start + end) // 2
        start, end = (middle, end) if _is_whole(values[start:middle]) else (start, middle)
    return start


def _is_whole(value: Any) -> bool:
    try:
        to_json(value)
    except PydanticSerializationError:
        return False
    return True


def _fault(place: Sequence[str | int], detail: str) -> Fault:
    pointer, beginning = short_pointer(place)
    return Fault(pointer=pointer, detail=beginning + detail)
