"""The dialect of delimited text: what stands between fields, around them, and whether the first line names them."""

import csv
import re
import string
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from processor.reading.header import looks_like_header
from processor.reading.preamble import find_table

if TYPE_CHECKING:
    from _csv import Reader

DELIMITERS = (",", ";", "\t", "|")
_LINES = 300
_ENOUGH = 0.5
_LINE_END = re.compile(r"\r\n|\n|\r")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How the lines of a file are cut into fields.

    Attributes:
        delimiter: one ASCII character.
        quote: one ASCII character, or None for none.
        header: whether the first line holds names.
    """

    delimiter: str
    quote: str | None
    header: bool

    def reader(
        self, lines: Iterable[str], *, skip_blanks: bool = False, escape: str | None = None, strict: bool = False
    ) -> "Reader":
        """The rows of lines without their ends; `strict` raises `csv.Error` over quotes that are not where they may be.

        Args:
            lines: of which a row within quotes may take several.
            skip_blanks: blanks behind a delimiter are no part of a field.
            escape: what may stand before a quote within quotes.
            strict: see above.
        """
        return csv.reader(
            (f"{line}\n" for line in lines),
            delimiter=self.delimiter,
            quotechar=self.quote or '"',
            quoting=csv.QUOTE_MINIMAL if self.quote else csv.QUOTE_NONE,
            strict=strict,
            skipinitialspace=skip_blanks,
            escapechar=escape,
        )


def sniff(text: str, *, delimiter: str | None = None, quote: str | None = None, header: bool | None = None) -> Dialect:
    """Tell the dialect of `text`, the beginning of a file in whole lines; what is given is taken as it is.

    Args:
        text: some hundred lines.
        delimiter: None to find it out.
        quote: None for the usual `"`, an empty string for no quoting.
        header: None to find it out.
    """
    mark = '"' if quote is None else quote or None
    lines = _lines(text)
    found = delimiter or _delimiter(lines, mark)
    rows = _rows(lines[_preamble(lines, found, mark) :], found, mark)
    return Dialect(delimiter=found, quote=mark, header=looks_like_header(rows) if header is None else header)


def count_preamble(text: str, dialect: Dialect) -> int:
    """How many lines stand before the first row: titles, or what an export says of itself."""
    return _preamble(_lines(text), dialect.delimiter, dialect.quote)


def after_lines(text: str, count: int) -> str:
    """The text without its first lines."""
    for _ in range(count):
        found = _LINE_END.search(text)
        if not found:
            return ""
        text = text[found.end() :]
    return text


def find_comment(text: str, delimiter: str | None) -> str | None:
    """`#`, if the lines that begin with it are comments: there are some, and none of them is as wide as the table."""
    lines = _lines(text)
    marked = [line for line in lines if line.startswith("#")]
    others = [line for line in lines if line.strip() and not line.startswith("#")]
    if not marked or not others or len(marked) > len(others):
        return None
    found = delimiter or _delimiter(others, '"')
    width = max((len(row) for row in _rows(others, found, '"')), default=0)
    if width < 2 or any(len(row) == width for row in _rows(marked, found, None)):
        return None
    return "#"


def without_comments(text: str, comment: str) -> str:
    """The text without the lines that begin with the mark."""
    return "".join(line for line in re.split(r"(?<=\n)|(?<=\r)(?!\n)", text) if not line.startswith(comment))


def with_comments(text: str, comment: str, count: int) -> int:
    """How many lines of the text its first lines are, if those that begin with the mark are not counted."""
    seen = 0
    for number, line in enumerate(_lines(text)):
        if seen == count:
            return number
        seen += not line.startswith(comment)
    return count


def begins_with_quote(text: str, dialect: Dialect) -> bool:
    """Whether any field begins with the quoting character."""
    mark = re.escape(dialect.quote or '"')
    return bool(re.search(rf"(^|{re.escape(dialect.delimiter)}){mark}", text, re.MULTILINE))


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text, maxsplit=_LINES)[:_LINES]


def _preamble(lines: Sequence[str], delimiter: str, quote: str | None) -> int:
    found = _numbered_rows(lines, delimiter, quote)
    rows = [row for _, row in found]
    begin = find_table(rows, set_off=_set_off(found, lines, delimiter))
    before = found[begin][0] if begin else 0
    # Blank lines before the table are no preamble: Polars skips them by itself.
    return before if any(map(str.strip, lines[:before])) else 0


def _set_off(rows: Sequence[tuple[int, list[str]]], lines: Sequence[str], delimiter: str) -> set[int]:
    """The numbers of the rows below a line that is blank, or of delimiters alone."""
    blank = delimiter + string.whitespace
    return {number for number, (before, _) in enumerate(rows) if before and not lines[before - 1].strip(blank)}


def _rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[list[str]]:
    return [row for _, row in _numbered_rows(lines, delimiter, quote)]


def _numbered_rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with how many lines stand before it."""
    reader = Dialect(delimiter=delimiter, quote=quote, header=True).reader(lines)
    rows: list[tuple[int, list[str]]] = []
    before = 0
    # A field beyond the reader's limit ends it: what was read until then must do.
    with suppress(csv.Error):
        for row in reader:
            if row:
                rows.append((before, row))
            before = reader.line_num
    return rows


def _delimiter(lines: Sequence[str], quote: str | None) -> str:
    between = {candidate: _between_quotes(lines, candidate, quote) for candidate in DELIMITERS}
    surest = max(DELIMITERS, key=lambda candidate: between[candidate])
    if between[surest] >= _ENOUGH:
        return surest
    scores = {candidate: _score(_rows(lines, candidate, quote)) for candidate in DELIMITERS}
    best = max(DELIMITERS, key=lambda candidate: scores[candidate])
    return best if scores[best] > (0.0, False, 0) else ","


def _between_quotes(lines: Sequence[str], delimiter: str, quote: str | None) -> float:
    """The share of lines with the delimiter between two quotes (`"a";"b"`), and all others where they may be.

    Exports of several sections have no regular rows, but no other delimiter cuts theirs between quotes.
    """
    if not quote:
        return 0.0
    joint = f"{quote}{delimiter}{quote}"
    dialect = Dialect(delimiter=delimiter, quote=quote, header=True)
    filled = [line for line in lines if line.strip()]
    return sum(joint in line and _is_well_formed(line, dialect) for line in filled) / max(1, len(filled))


def _is_well_formed(line: str, dialect: Dialect) -> bool:
    try:
        return bool(list(dialect.reader([line], strict=True)))
    except csv.Error:
        return False


def _score(rows: list[list[str]]) -> tuple[float, bool, int]:
    """How regular the rows are, whether the first is too, and how wide they are.

    The right delimiter cuts most lines into the same number of fields, and a decimal comma is in no line of names.
    """
    if not rows:
        return (0.0, False, 0)
    width, times = Counter(len(row) for row in rows).most_common(1)[0]
    if width < 2:
        return (0.0, False, 0)
    share = times / len(rows)
    return (1.0 if share > 0.9 else round(share, 1), len(rows[0]) == width, width)
