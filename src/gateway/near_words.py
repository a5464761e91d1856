"""Which of some words somebody may have meant."""

from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

LONGEST: Final = 64  # nothing longer is looked at


def did_you_mean(word: str, known: Collection[str]) -> str | None:
    """A question for a person; None if no known word is like this one."""
    found = get_close_matches(word[:LONGEST].lower(), known, n=1)
    return f"Did you mean {found[0]}?" if found else None
