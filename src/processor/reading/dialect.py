"""The dialect of delimited text: what stands between fields, around them, and whether the first line names them."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise

DELIMITERS = (",", ";", "\t", "|")
_LINES = 300
_LINE_END = re.compile(r"\r\n|\n|\r")
_PREAMBLE = 20
_NUMBER = re.compile(r"^[+-]?(\d[\d .,']*|\.\d+)([eE][+-]?\d+)?%?$")
_YEAR = re.compile(r"^(19|20)\d\d$")
_TIME = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$|^\d{1,2}:\d{2}(:\d{2}.*)?$")


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
    """How many lines stand before the first row: a title or comments, of one field where the table has several."""
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


def begins_with_quote(text: str, dialect: Dialect) -> bool:
    """Whether any field begins with the quoting character."""
    mark = re.escape(dialect.quote or '"')
    return bool(re.search(rf"(^|{re.escape(dialect.delimiter)}){mark}", text, re.MULTILINE))


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text, maxsplit=_LINES)[:_LINES]


def _preamble(lines: Sequence[str], delimiter: str, quote: str | None) -> int:
    widths = Counter(len(row) for row in _rows(lines, delimiter, quote))
    if not widths or max(widths, key=widths.__getitem__) < 2:
        return 0
    for number, line in enumerate(lines[:_PREAMBLE]):
        if any(len(row) > 1 for row in _rows([line], delimiter, quote)):
            before = number + _is_title(_rows(lines[number:], delimiter, quote))
            # Blank lines before the table are no preamble: Polars skips them by itself.
            return before if any(map(str.strip, lines[:before])) else 0
        if quote and line.count(quote) % 2:
            return 0  # a quoted name that goes on in the next line
    return 0


def _is_title(rows: list[list[str]]) -> bool:
    """A title as wide as the table: it is no row of names, but the one behind it is, over columns of other kinds."""
    if len(rows) < 3 or not any(not cell or _is_typed(cell) for cell in rows[0]):
        return False
    names, rest = rows[1], rows[2:]
    if len(set(names)) < len(names) or any(not cell or _is_typed(cell) for cell in names):
        return False
    columns = [[row[n] for row in rest if n < len(row) and row[n]] for n in range(len(names))]
    return 2 * sum(map(_mostly_typed, columns)) >= len(names)


def _rows(lines: Sequence[str], delimiter: str, quote: str | None) -> list[list[str]]:
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=delimiter,
        quotechar=quote or '"',
        quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
    )
    rows: list[list[str]] = []
    # A field beyond the reader's limit ends it: what was read until then must do.
    with suppress(csv.Error):
        rows.extend(row for row in reader if row)
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


def looks_like_header(rows: list[list[str]]) -> bool:
    """A header is a first row of names over columns; a row that looks like its columns is data."""
    if not rows:
        return True
    first, rest = rows[0], rows[1:]
    if not rest:
        return not any(_is_typed(cell) for cell in first)
    if not any(_is_typed(cell) for cell in first):
        return True
    columns = [[row[n] for row in rest if n < len(row) and row[n]] for n in range(len(first))]
    if _are_years(first) and not any(map(_are_years, rest)):
        return True
    named = sum(_mostly_typed(column) and not _is_typed(cell) for cell, column in zip(first, columns, strict=True))
    alike = sum(_mostly_typed(column) and _is_typed(cell) for cell, column in zip(first, columns, strict=True))
    return named >= alike


def _are_years(row: Sequence[str]) -> bool:
    """Years one after the other, as names of columns have them."""
    if len(row) < 2 or not all(_YEAR.match(cell) for cell in row):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(row))


def _is_typed(cell: str) -> bool:
    cell = cell.strip()
    return bool(_NUMBER.match(cell) or _TIME.match(cell))


def _mostly_typed(column: list[str]) -> bool:
    return bool(column) and sum(map(_is_typed, column)) >= 0.8 * len(column)
