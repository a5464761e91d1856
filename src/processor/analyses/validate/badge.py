"""A badge for a README: one line of SVG text, without anything of the data or the caller in it."""

from collections.abc import Mapping
from pathlib import Path

from processor.analyses.validate.verdict import Status

_COLOURS = {Status.PASSED: "#2e7d32", Status.WARNED: "#9a6700", Status.FAILED: "#c62828", Status.ERROR: "#c62828"}
_LABEL = "data"
# Of a character of 11 px Verdana, on average; the text is stretched to what it is given.
_CHARACTER = 6.5
_PADDING = 10


def write_badge(path: Path, verdict: Status | None, counted: Mapping[str, int]) -> None:
    """Write the verdict with the number of rules that passed."""
    total = sum(counted.values())
    said = f"{verdict.value}, {counted['passed']} of {total}" if verdict else "not checked"
    colour = _COLOURS[verdict] if verdict else "#57606a"
    left, right = _width(_LABEL), _width(said)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img"'
        f' aria-label="{_LABEL}: {said}"><title>{_LABEL}: {said}</title>'
        f'<rect width="{left}" height="20" fill="#444c56"/>'
        f'<rect x="{left}" width="{right}" height="20" fill="{colour}"/>'
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">'
        f"{_text(_LABEL, 0, left)}{_text(said, left, right)}</g></svg>\n",
        encoding="utf-8",
    )


def _width(text: str) -> int:
    return round(len(text) * _CHARACTER) + _PADDING


def _text(text: str, start: int, width: int) -> str:
    return f'<text x="{start + _PADDING // 2}" y="14" textLength="{width - _PADDING}">{text}</text>'
