"""Places in a JSON value."""

from collections.abc import Iterable
from typing import Final

LONGEST: Final = 2_000  # about two names of columns
LONGEST_NAME: Final = 60  # of one that makes a pointer too long


def pointer(parts: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def short_pointer(parts: Iterable[object]) -> tuple[str, str]:
    """One that an answer can hold many of: at the place itself, or at the one around it that has a short way.

    Returns:
        The pointer, and words for the front of a sentence about the place: none, or the beginning of a name.
    """
    place: list[str] = []
    length = 0
    for name in map(str, parts):
        length += len(name)
        if length > LONGEST:
            return pointer(place), f"{name[:LONGEST_NAME]}…: "
        place.append(name)
    return pointer(place), ""
