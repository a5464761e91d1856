"""The feed as lines for a person: what happened, how far it is, how long it will take.

What an analysis tells is other people's data. So nothing of it is trusted to have the type that it should have, and no
character of it reaches a terminal that would do more there than be seen.
"""

from collections.abc import Mapping
from typing import Any, Final

BAR_CHARS: Final = 24
MOST_CHARS: Final = 4_000  # of a line; a person reads no more
LARGEST: Final = 1e15  # numbers beyond are not counts, rates or seconds

_SPACES: Final = dict.fromkeys(map(ord, "\t\n\r\v\f"), " ")
# Controls (C0, DEL, C1), line and paragraph separators, what turns the direction of writing, and half characters.
_UNPRINTABLE: Final = dict.fromkeys(
    (
        *range(32),
        *range(127, 160),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x2070),
        *range(0xD800, 0xE000),
        0x061C,
        0xFEFF,
    ),
    "�",
)
_SEEN: Final = _UNPRINTABLE | _SPACES


def event_line(event: Mapping[str, Any]) -> str:
    """One event, as `12:00:01  started     attempt 1 on host:123`."""
    at = str(event.get("at"))[11:19]
    return plain(f"{at}  {event.get('type')!s:<10}  {_what(event)}").rstrip()


def _what(event: Mapping[str, Any]) -> str:
    match event.get("type"):
        case "started":
            return f"attempt {event.get('attempt')} on {event.get('processor')}"
        case "log":
            return f"{event.get('level')}: {event.get('message')}"
        case "queued" | "partial":
            return _which(event)
        case "succeeded":
            return str(event.get("result_url", ""))
        case "failed" | "retrying":
            return _error(event.get("error"))
        case _:
            return ""


def _which(event: Mapping[str, Any]) -> str:
    if event.get("type") == "queued":
        return "again, by hand" if event.get("retry") is True else ""
    return "a first estimate" if event.get("estimate") is True else "a partial result"


def _error(error: object) -> str:
    if not isinstance(error, Mapping):
        return ""
    return f"{error.get('code')}: {error.get('message')} {error.get('advice') or ''}"


def progress_line(progress: Mapping[str, Any]) -> str:
    """The progress, as `  [########----]  31 %  scan  1,900,000 rows  eta 3.1 s`."""
    words = [_bar(progress.get("fraction")), str(progress.get("phase", ""))]
    for name, pattern in (("rows", "{:,} rows"), ("rate", "{:,.0f}/s"), ("eta_s", "eta {:g} s")):
        if (number := _number(progress.get(name))) is not None:
            words.append(pattern.format(number))
    return plain("  ".join(words))


def _bar(fraction: object) -> str:
    share = _number(fraction)
    if share is None:
        return f"[{'·' * BAR_CHARS}]   ?%"
    share = min(max(share, 0), 1)
    full = round(share * BAR_CHARS)
    return f"[{'#' * full}{'-' * (BAR_CHARS - full)}] {share:4.0%}"


def _number(value: object) -> float | None:
    """A number that can be shown; NaN compares with nothing."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if -LARGEST < value < LARGEST else None


def reset_line(state: object) -> str:
    """What is said where the cursor is none of this story's."""
    return plain(f"the story before is not known here; the task is {state} now")


def still_line(state: object) -> str:
    """What is said now and then while nothing happens."""
    return plain(f"          still {state}")


def end_line() -> str:
    """The last line."""
    return "the end"


def plain(text: str) -> str:
    """On one line, and without characters that would do something to a terminal."""
    shown = text if len(text) <= MOST_CHARS else f"{text[:MOST_CHARS]}…"
    return shown.translate(_SEEN)
