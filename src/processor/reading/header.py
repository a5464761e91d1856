"""Where a table begins among the rows of a text, and whether its first row names the columns."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_PREAMBLE = 60
_TITLES = 3
_FEW_YEARS = 3
_NUMBER = re.compile(r"^[+-]?(\d[\d .,']*|\.\d+)([eE][+-]?\d+)?%?$")
_YEAR = re.compile(r"^(19|20)\d\d$")
_TIME = re.compile(r"^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}([T ].*)?$|^\d{1,2}:\d{2}(:\d{2}.*)?$")


def find_table(rows: Sequence[list[str]]) -> int:
    """The number (from 0) of the row that the table begins with; what stands before it is no part of it.

    Titles have one field, and what exports say of themselves (`Account:;DE89…`) has fewer than the table. Spreadsheets
    pad both to the table's width.
    """
    begin = _first_wide(rows)
    return begin + _count_titles(rows[begin:])


def _first_wide(rows: Sequence[list[str]]) -> int:
    """The first row that is as wide as the table."""
    widths = Counter(map(len, rows))
    usual = max(widths, key=widths.__getitem__, default=0)
    tail = Counter(len(row) for row in rows[len(rows) // 2 :])
    late = max(tail, key=tail.__getitem__, default=0)
    if late > usual and _names_begin(rows, late):
        usual = late  # a short table below much preamble
    if usual < 2:
        return 0
    several = next((number for number, row in enumerate(rows) if len(row) > 1), 0)
    begin = next(number for number, row in enumerate(rows) if len(row) >= usual)
    return begin if begin <= _PREAMBLE and _is_below_preamble(rows, several, begin, usual) else several


def _names_begin(rows: Sequence[list[str]], width: int) -> bool:
    """Whether the first row of a width is one of names, and all below are as wide."""
    begin = next(number for number, row in enumerate(rows) if len(row) >= width)
    names, rest = rows[begin], rows[begin + 1 :]
    return bool(rest) and _are_names(names) and all(len(row) == width for row in rest)


def _is_below_preamble(rows: Sequence[list[str]], several: int, begin: int, width: int) -> bool:
    """Whether the narrower rows of several fields above the first wide one are no part of the table."""
    above, below = rows[several:begin], rows[begin:]
    if not above or sum(len(row) == width for row in below) < 0.5 * len(below):
        return False
    # Names over rows that all end in the same number of empty fields: a delimiter at the end of each.
    narrow = len(above[-1])
    if all(not any(row[narrow:]) for row in below):
        return False
    # One row of names, too few of them, over rows that are data: the best that there is.
    return not (len(above) == 1 and _are_names(above[0]) and not looks_like_header(list(below)))


def _count_titles(rows: Sequence[list[str]]) -> int:
    """How many rows as wide as the table are titles: no rows of names, but one below them is."""
    padded = True
    for count in range(1, min(_PREAMBLE, len(rows) - 1)):
        last = rows[count - 1]
        padded = padded and _is_padded(last)
        if not padded and (count > _TITLES or not any(not cell or is_typed(cell) for cell in last)):
            return 0
        if _is_named_below(rows[:count], rows[count:]) or (
            padded and _begins_below_padding(rows[:count], rows[count:])
        ):
            return count
    return 0


def _is_named_below(titles: Sequence[list[str]], rows: Sequence[list[str]]) -> bool:
    """Names over columns of other kinds, of which the titles have no more than half."""
    names, rest = rows[0], rows[1:]
    if not rest or not _are_names(names):
        return False
    typed = [number for number, column in enumerate(_columns(rest, len(names))) if _mostly_typed(column)]
    if 2 * len(typed) < len(names):
        return False
    return all(2 * sum(n < len(row) and is_typed(row[n]) for n in typed) <= len(typed) for row in titles)


def _is_padded(row: Sequence[str]) -> bool:
    """A title alone, or what an export says of itself (`Account:`, `DE89…`), filled up with empty fields."""
    filled = _filled(row)
    return len(row) > 2 and (not filled or (filled < 3 and 2 * filled <= len(row) and not is_typed(row[0])))


def _begins_below_padding(titles: Sequence[list[str]], rows: Sequence[list[str]]) -> bool:
    """Whether a row of names, most of them there, stands over rows of which few look like titles."""
    names, rest = rows[0], rows[1:]
    if not rest or 2 * _filled(names) <= len(names) or 2 * sum(map(_is_padded, rest)) >= len(rest):
        return False
    if max(map(_filled, titles)) > 1 and not any(map(_mostly_typed, _columns(rest, len(names)))):
        return False
    return looks_like_header(list(rows))


def _filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _are_names(row: Sequence[str]) -> bool:
    return len(set(row)) == len(row) and not any(not cell or is_typed(cell) for cell in row)


def looks_like_header(rows: list[list[str]]) -> bool:
    """A header is a first row of names over columns; a row that looks like its columns is data."""
    if not rows:
        return True
    first, rest = rows[0], rows[1:]
    if not rest:
        return not any(is_typed(cell) for cell in first)
    if not any(is_typed(cell) for cell in first):
        return True
    columns = _columns(rest, len(first))
    if _are_years(first) and not any(map(_are_years, rest)):
        return True
    named = sum(_mostly_typed(column) and not is_typed(cell) for cell, column in zip(first, columns, strict=True))
    alike = sum(_mostly_typed(column) and is_typed(cell) for cell, column in zip(first, columns, strict=True))
    return named >= alike


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


def _mostly_typed(column: list[str]) -> bool:
    return bool(column) and sum(map(is_typed, column)) >= 0.8 * len(column)


def _columns(rows: Sequence[list[str]], count: int) -> list[list[str]]:
    """What is filled of each column."""
    return [[row[n] for row in rows if n < len(row) and row[n]] for n in range(count)]
