"""Where a table begins among the rows of a text.

What stands above it (titles of one field, and what exports say of themselves, `Account:;DE89…`) is narrower than the
table. So are the names over rows with a field too many, of which a text with commas in it makes any number. A header
that is taken for a title is lost, and with it what the columns mean; a title that is taken for a header makes rows that
are cut and counted. So the first row counts as the header unless there is evidence of another.
"""

from collections.abc import Collection, Sequence

from processor.reading.header import are_names, names_typed_columns, usual_width
from processor.reading.titles import count_titles

_MOST = 60
_TITLES = 3
_MORE_THAN_PAIRS = 4


def find_table(rows: Sequence[list[str]], *, set_off: Collection[int] = ()) -> int:
    """The number (from 0) of the row that the table begins with; what stands before it is no part of it.

    Args:
        rows: those that are not blank.
        set_off: the numbers of those below a blank line.
    """
    begin = _first_wide(rows, set_off)
    return begin + count_titles(rows[begin:])


def _first_wide(rows: Sequence[list[str]], set_off: Collection[int]) -> int:
    """The first row that is as wide as the table."""
    width = _width(rows)
    if width < 2:
        return 0
    several = next(number for number, row in enumerate(rows) if len(row) > 1)
    begin = next(number for number, row in enumerate(rows) if len(row) >= width)
    if begin > _MOST or not _is_below_preamble(rows, several, begin, set_off):
        begin = several
    return begin if _is_below_titles(rows, begin, set_off) else 0


def _width(rows: Sequence[list[str]]) -> int:
    """How many fields most rows have, or most of the second half: a short table may stand below much preamble."""
    usual = usual_width(rows)
    late = usual_width(rows[len(rows) // 2 :])
    return late if late > usual and _names_begin(rows, late) else usual


def _names_begin(rows: Sequence[list[str]], width: int) -> bool:
    """Whether the first row of a width is one of names, and all below are as wide."""
    begin = next(number for number, row in enumerate(rows) if len(row) >= width)
    names, rest = rows[begin], rows[begin + 1 :]
    return bool(rest) and are_names(names) and all(len(row) == width for row in rest)


def _is_below_preamble(rows: Sequence[list[str]], several: int, begin: int, set_off: Collection[int]) -> bool:
    """Whether the narrower rows of several fields above the first wide one are no part of the table."""
    above, below = rows[several:begin], rows[begin:]
    width = len(below[0])
    if not above or 2 * sum(len(row) == width for row in below) < len(below):
        return False
    # Names over rows that all end in the same number of empty fields: a delimiter at the end of each.
    narrow = len(above[-1])
    if all(not any(row[narrow:]) for row in below):
        return False
    if names_typed_columns(below) or all(row[0].rstrip().endswith(":") for row in above):
        return True
    if begin not in set_off or _are_among(above, below):
        return False
    # Below a blank line, and all text or without names: pairs of a word and what it says are no table of their own.
    return are_names(below[0]) or (max(map(len, above)) == 2 and width >= _MORE_THAN_PAIRS)


def _is_below_titles(rows: Sequence[list[str]], begin: int, set_off: Collection[int]) -> bool:
    """Whether the rows of one field above are titles, not a name and values of the only column, some with commas."""
    titles, below = [row for row in rows[:begin] if len(row) == 1], rows[begin:]
    if not titles or names_typed_columns(below):
        return True
    if begin in set_off and begin + 1 not in set_off:
        return True
    return len(titles) <= _TITLES and not _are_among(titles, below) and not _is_prose(below)


def _is_prose(rows: Sequence[list[str]]) -> bool:
    """Whether a blank stands behind every delimiter, as in a text with commas (`Lovelace, Ada`)."""
    return all(cell.startswith(" ") for row in rows for cell in row[1:])


def _are_among(above: Sequence[list[str]], below: Sequence[list[str]]) -> bool:
    """Whether rows as narrow as those above come again between those below; at the end they are another remark."""
    narrow = max(map(len, above))
    while below and len(below[-1]) <= narrow:
        below = below[:-1]
    return any(len(row) <= narrow for row in below)
