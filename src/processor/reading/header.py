"""Whether the first row of a table names its columns."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_FEW_YEARS = 3
_NUMBER = re.compile(r"^[+-]?(\d[\d .,']*|\.\d+)([eE][+-]?\d+)?%?$")
_YEAR = re.compile(r"^(19|20)\d\d$")
_TIME = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$|^\d{1,2}:\d{2}(:\d{2}.*)?$")


def looks_like_header(rows: list[list[str]]) -> bool:
    """A header is a first row of names over columns; a row that looks like its columns is data."""
    if not rows:
        return True
    first, rest = rows[0], rows[1:]
    if not rest:
        return not any(is_typed(cell) for cell in first)
    if not any(is_typed(cell) for cell in first):
        return True
    columns = filled(rest, len(first))
    if _are_years(first) and not any(map(_are_years, rest)):
        return True
    named = sum(mostly_typed(column) and not is_typed(cell) for cell, column in zip(first, columns, strict=True))
    alike = sum(mostly_typed(column) and is_typed(cell) for cell, column in zip(first, columns, strict=True))
    return named >= alike


def names_typed_columns(rows: Sequence[list[str]]) -> bool:
    """Whether the first row names columns of numbers, dates or times: sure to be a header, as no row of data is."""
    first, rest = rows[0], rows[1:]
    if any(map(is_typed, first)) and not (_are_years(first) and not any(map(_are_years, rest))):
        return False
    return any(cell and mostly_typed(column) for cell, column in zip(first, filled(rest, len(first)), strict=True))


def are_names(row: Sequence[str]) -> bool:
    """Whether all are there, none comes twice, and none is a number, a date or a time."""
    return len(set(row)) == len(row) and not any(not cell or is_typed(cell) for cell in row)


def _are_years(row: Sequence[str]) -> bool:
    """Years one after the other, as names of columns have them; at least three of them beside other names."""
    years = [cell for cell in row if is_typed(cell)]
    if len(years) < (2 if len(years) == len(row) else _FEW_YEARS) or not all(map(_YEAR.match, years)):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(years))


def is_typed(cell: str) -> bool:
    """Whether it is a number, a date or a time, so hardly a name."""
    cell = cell.strip()
    return bool(_NUMBER.match(cell) or _TIME.match(cell))


def mostly_typed(column: list[str]) -> bool:
    """Whether hardly a value of a column is a text."""
    return bool(column) and sum(map(is_typed, column)) >= 0.8 * len(column)


def filled(rows: Sequence[list[str]], count: int) -> list[list[str]]:
    """What is filled of each column."""
    return [[row[n] for row in rows if n < len(row) and row[n]] for n in range(count)]


def usual_width(rows: Sequence[list[str]]) -> int:
    """How many fields most rows have."""
    widths = Counter(map(len, rows))
    return max(widths, key=widths.__getitem__, default=0)
