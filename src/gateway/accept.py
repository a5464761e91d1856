"""Which form of an answer a client wants (RFC 9110, section 12.5.1)."""

import re
from collections.abc import Sequence
from typing import Final

MOST_RANGES: Final = 50  # browsers send eight; a header of 64 KiB could name 32,000
WEIGHT: Final = re.compile(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)


def preferred(accept: str | None, offered: Sequence[str]) -> str | None:
    """The media type to answer with, or None if the client takes none of them.

    The one with the highest weight wins; of those with the same weight, the one that the client names first; and where
    a wildcard stands for several, the one that is offered first. Looked at are the first MOST_RANGES that it names.

    Args:
        accept: the header, all its lines; None if there is none, which takes anything.
        offered: media types, the usual one first.
    """
    parts = (accept or "").lower().split(",", MOST_RANGES)[:MOST_RANGES]
    ranges = [_range(part) for part in parts if part.strip()] or [("*/*", 1.0)]
    refused = {name for name, weight in ranges if weight <= 0}
    wanted = sorted(((name, weight) for name, weight in ranges if weight > 0), key=lambda each: -each[1])
    for name, _ in wanted:
        for media_type in offered:
            if media_type not in refused and name in {media_type, f"{media_type.partition('/')[0]}/*", "*/*"}:
                return media_type
    return None


def _range(part: str) -> tuple[str, float]:
    name, *parameters = (word.strip() for word in part.split(";"))
    weights = [float(found[1]) for word in parameters if (found := WEIGHT.fullmatch(word))]
    return name, weights[0] if weights else 1.0
