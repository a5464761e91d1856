"""What somebody may have meant who asked for a path that is not there."""

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

SIMILAR: Final = 0.75
LONGEST: Final = 200


def nearest(path: str, templates: Sequence[str]) -> str | None:
    """The template of the route that is most like a path; None if none is like it.

    Segments in braces are like anything. A template may have a segment more or less than the path, such as the version
    that was left out.

    Args:
        path: as it was asked for.
        templates: paths with names in braces.
    """
    asked = path[:LONGEST].strip("/").split("/")
    rated = [(_likeness(asked, template.strip("/").split("/")), template) for template in templates]
    likeness, template = max(rated, key=lambda each: each[0], default=(0.0, ""))
    return template if likeness >= SIMILAR else None


def _likeness(asked: Sequence[str], template: Sequence[str]) -> float:
    """From 0 to 1."""
    if len(asked) == len(template):
        return _in_step(asked, template)
    if len(asked) + 1 == len(template) and template[0] == "v1":
        return _in_step(asked, template[1:])
    return 0.0


def _in_step(asked: Sequence[str], template: Sequence[str]) -> float:
    fixed = [(word, wanted) for word, wanted in zip(asked, template, strict=True) if not wanted.startswith("{")]
    if not fixed:
        return 0.0
    return min(SequenceMatcher(a=word.lower(), b=wanted).ratio() for word, wanted in fixed)
