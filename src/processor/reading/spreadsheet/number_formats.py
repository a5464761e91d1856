"""What the formats of a workbook show numbers as: a date, a time of day, or a duration.

Source: ECMA-376, part 1, 18.8.30 and 18.8.31.
"""

import re

from processor.reading.spreadsheet.xml import XmlParser

_DATES = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
_TIMES = {18, 19, 20, 21, 45, 47}
_DURATIONS = {46}
_LONGEST = 255  # of a format that Excel takes; looking for literals in more takes its time squared
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]|_.|\*.', re.IGNORECASE)
_ELAPSED = re.compile(r"\[(?:h+|m+|s+)\]")


class Styles(XmlParser):
    """Reads the styles of cells."""

    def __init__(self) -> None:
        super().__init__()
        self._own: dict[int, str] = {}
        self._used: list[int] = []
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Keep the workbook's own formats, and which one each style of cells uses."""
        if name == "numFmt":
            self._own[number_of(attributes.get("numFmtId", ""))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._used.append(number_of(attributes.get("numFmtId", "")))

    def end(self, name: str) -> None:
        """See that styles of other things than cells come."""
        if name == "cellXfs":
            self._in_cells = False

    def shown(self) -> dict[int, str]:
        """Style number → `date`, `time` or `duration`, for those that show one."""
        kinds = {number: kind_of(number, self._own.get(number)) for number in set(self._used)}
        return {style: kind for style, number in enumerate(self._used) if (kind := kinds[number])}


def kind_of(number: int, code: str | None) -> str | None:
    """What a format shows numbers as, by its number and, if it is one of the workbook's own, by its code."""
    for known, kind in ((_DATES, "date"), (_TIMES, "time"), (_DURATIONS, "duration")):
        if number in known:
            return kind
    if not code or len(code) > _LONGEST:
        return None
    plain = _LITERAL.sub("", code).split(";")[0].lower()
    if "general" in plain:
        return None
    if _ELAPSED.search(plain):
        return "duration"
    if re.search("[yd]|mmm", plain) or (re.search("m", plain) and not re.search("[hs0#?]", plain)):
        return "date"
    return "time" if re.search("[hs]", plain) else None


def number_of(text: str) -> int:
    """A number of a style or a format; 0, the one that says nothing, for what is no number."""
    try:
        return int(text or 0)
    except ValueError:
        return 0
