"""Titles that a spreadsheet filled up to the table's width, or that are as wide as it by themselves."""

from collections.abc import Sequence

from processor.reading.header import are_names, filled, is_typed, looks_like_header, mostly_typed
from processor.reading.missing import PLACEHOLDERS

_MOST = 60
_UNPADDED = 3


def count_titles(rows: Sequence[list[str]]) -> int:
    """How many rows as wide as the table are titles: no rows of names, but one below them is."""
    padded = True
    for count in range(1, min(_MOST, len(rows) - 1)):
        last = rows[count - 1]
        padded = padded and is_padded(last)
        if not padded and (count > _UNPADDED or not any(not cell or is_typed(cell) for cell in last)):
            return 0
        if _is_named_below(rows[:count], rows[count:]) or (
            padded and _begins_below_padding(rows[:count], rows[count:])
        ):
            return count
    return 0


def _is_named_below(titles: Sequence[list[str]], rows: Sequence[list[str]]) -> bool:
    """Names over columns of other kinds, of which the titles have no more than half."""
    names, rest = rows[0], rows[1:]
    if not rest or not are_names(names):
        return False
    typed = [number for number, column in enumerate(filled(rest, len(names))) if mostly_typed(column)]
    if 2 * len(typed) < len(names) or any(names[number].strip().lower() in PLACEHOLDERS for number in typed):
        return False
    return all(2 * sum(n < len(row) and is_typed(row[n]) for n in typed) <= len(typed) for row in titles)


def is_padded(row: Sequence[str]) -> bool:
    """A title alone, or what an export says of itself (`Account:`, `DE89…`), filled up with empty fields."""
    count = _count_filled(row)
    return len(row) > 2 and (not count or (count < 3 and 2 * count <= len(row) and not is_typed(row[0])))


def _begins_below_padding(titles: Sequence[list[str]], rows: Sequence[list[str]]) -> bool:
    """Whether a row of names, most of them there, stands over rows of which few look like titles."""
    names, rest = rows[0], rows[1:]
    if not rest or 2 * _count_filled(names) <= len(names) or 2 * sum(map(is_padded, rest)) >= len(rest):
        return False
    # One name alone may stand over the first of several columns of text.
    sparse = len(titles) == 1 or max(map(_count_filled, titles)) > 1
    if sparse and not any(map(mostly_typed, filled(rest, len(names)))):
        return False
    return looks_like_header(list(rows))


def _count_filled(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)
