"""The dialect of delimited text: what stands between fields, around them, and whether the first line names them."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from processor.reading.header import find_table, looks_like_header

DELIMITERS = (",", ";", "\t", "|")
_LINES = 300
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
    begin = find_table(rows)
    before = found[begin][0] if begin else 0
    # Blank lines before the table are no preamble: Polars skips them by itself.
    return before if any(map(str.strip, lines[:before])) else 0


def _rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[list[str]]:
    return [row for _, row in _numbered_rows(lines, delimiter, quote)]


def _numbered_rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[tuple[int, list[str]]]:
    """The rows that are not blank, each with how many lines stand before it."""
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=delimiter,
        quotechar=quote or '"',
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
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
    scores = {candidate: _score(_rows(lines, candidate, quote)) for candidate in DELIMITERS}
    best = max(DELIMITERS, key=lambda candidate: scores[candidate])
    return best if scores[best] > (0.0, False, 0) else ","


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
