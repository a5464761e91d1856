"""The feed as lines for a person: what happened, how far it is, how long it will take."""

from collections.abc import Mapping
from typing import Any, Final

BAR_CHARS: Final = 24
UNPRINTABLE: Final = dict.fromkeys((*range(32), *range(127, 160)), "�")


def event_line(event: Mapping[str, Any]) -> str:
    """One event, as `12:00:01  started     attempt 1 on host:123`."""
    at = str(event["at"])[11:19]
    return plain(f"{at}  {event['type']:<10}  {_what(event)}").rstrip()


def _what(event: Mapping[str, Any]) -> str:
    match event["type"]:
        case "started":
            return f"attempt {event.get('attempt')} on {event.get('processor')}"
        case "log":
            return f"{event.get('level')}: {event.get('message')}"
        case "partial":
            return "a first estimate" if event.get("estimate") else "a partial result"
        case "succeeded":
            return str(event.get("result_url"))
        case "failed" | "retrying":
            error = event.get("error") or {}
            return f"{error.get('code')}: {error.get('message')} {error.get('advice') or ''}"
        case _:
            return ""


def progress_line(progress: Mapping[str, Any]) -> str:
    """The progress, as `  [########----]  31 %  scan  1,900,000 rows  eta 3.1 s`."""
    fraction = progress.get("fraction")
    words = [_bar(fraction), str(progress.get("phase", ""))]
    if (rows := progress.get("rows")) is not None:
        words.append(f"{rows:,} rows")
    if (rate := progress.get("rate")) is not None:
        words.append(f"{rate:,.0f}/s")
    if (eta := progress.get("eta_s")) is not None:
        words.append(f"eta {eta:g} s")
    return plain("  ".join(words))


def _bar(fraction: float | None) -> str:
    if fraction is None:
        return f"[{'·' * BAR_CHARS}]   ? %"
    full = round(fraction * BAR_CHARS)
    return f"[{'#' * full}{'-' * (BAR_CHARS - full)}] {fraction:4.0%}"


def end_line() -> str:
    """The last line."""
    return "the end"


def plain(text: str) -> str:
    """Without characters that would do something to a terminal."""
    return text.translate(UNPRINTABLE)
