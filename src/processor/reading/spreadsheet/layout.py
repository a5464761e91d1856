"""Where the table of a sheet begins and ends, what its columns are called, and whether units stand below the names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from processor.reading import header, preamble
from processor.reading.missing import PLACEHOLDERS

_PREAMBLE: Final = 20
NOTES: Final = 10
"""More rows of one sentence each are rows of the table."""
_NOTE_WORDS: Final = 4
_MOSTLY: Final = 0.8
_LONE_UNIT: Final = 3  # characters
_LOOKED_AT: Final = 200  # columns: a sheet can have 16,384
_UNIT: Final = re.compile(r"[\[(]?[\w°%‰€$£¥µΩ²³/:·*^.\- ]{1,15}[\])]?")
_IN_BRACKETS: Final = re.compile(r"\[.*\]|\(.*\)|-+")

Row = Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where the table is among the rows of a sheet that have a value.

    Attributes:
        start: rows that stand before it.
        names: of its columns, from a row of its own; None if there is none.
        units: the row below that one, if it is one of units.
    """

    start: int
    names: list[str] | None
    units: list[str] | None = None

    @property
    def first(self) -> int:
        """The first row of values."""
        return self.start + (self.names is not None) + (self.units is not None)


def find_table(rows: Sequence[Row], *, start: int | None, named: bool | None) -> Layout:
    """Where the table is, as its first rows have it.

    Args:
        rows: at least one.
        start: where it begins, if that is known.
        named: whether its first row holds names, if that is known.
    """
    begin = _begin(rows) if start is None else start
    first, rest = rows[begin], rows[begin + 1 :]
    if not (_names_columns(first, rest) if named is None else named):
        return Layout(start=begin, names=None)
    has_units = len(rest) > 2 and _are_units(rest[0], rest[1:])
    units = [name for cell in rest[0] if (name := as_name(cell))] if has_units else None
    return Layout(start=begin, names=[as_name(cell) for cell in first], units=units)


def count_notes(rows: Sequence[Row], *, width: int) -> int:
    """How many of the last rows are notes below a table of so many columns: a sentence, or what begins like a note.

    Args:
        rows: the last ones, no fewer than there may be notes, and one.
        width: how many columns the table has.
    """
    if width < 3:
        return 0
    count = next((number for number, row in enumerate(reversed(rows)) if not _is_note(row)), len(rows))
    return count if count <= NOTES else 0


def as_name(cell: Any) -> str:
    """A cell as the name of a column: days and moments in ISO 8601, without a time of day that is midnight."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    return "" if cell is None else str(cell)


def _begin(rows: Sequence[Row]) -> int:
    """What stands above the table: rows of one cell, and what exports say of themselves (`Account:`, `DE89…`)."""
    widths = [sum(cell is not None for cell in row) for row in rows]
    if max(widths) < 2:
        return 0
    several = next((number for number, width in enumerate(widths[:_PREAMBLE]) if width > 1), 0)
    wide = min(max(map(len, rows)), _LOOKED_AT)
    below = [[*map(as_name, row[:wide]), *[""] * (wide - len(row))] for row in rows[several:]]
    return several + preamble.find_table(below)


def _names_columns(first: Row, rest: Sequence[Row]) -> bool:
    """Whether a row holds names: texts, or days over columns of something else."""
    if header.looks_like_header([[as_name(cell) for cell in row] for row in (first, *rest)]):
        return True
    days = [number for number, cell in enumerate(first) if isinstance(cell, date)]
    others = [cell for cell in first if cell is not None and not isinstance(cell, date)]
    if not days or not rest or not all(isinstance(cell, str) and not header.is_typed(cell) for cell in others):
        return False
    return all((below := _column(rest, number)) and not _mostly(below, date) for number in days)


def _is_note(row: Row) -> bool:
    filled = [cell for cell in row if cell is not None]
    if len(filled) != 1 or row[0] is None or not isinstance(row[0], str):
        return False
    text = row[0].strip()
    return text.startswith(("*", "†", "©")) or ": " in text or (len(text.split()) >= _NOTE_WORDS and text.endswith("."))


def _are_units(row: Row, rest: Sequence[Row]) -> bool:
    """Whether a row holds units of the columns below: a short text over most of the numbers, and no value."""
    filled = {number: cell for number, cell in enumerate(row) if cell is not None}
    if not all(isinstance(cell, str) for cell in filled.values()):
        return False
    typed = [n for n in range(max(map(len, rest))) if _mostly(_column(rest, n), (int, float, date, time, timedelta))]
    over = [filled[number].strip() for number in typed if number in filled]
    beside = [cell.strip() for number, cell in filled.items() if number not in typed]
    if not beside and len(over) == 1 and not _IN_BRACKETS.fullmatch(over[0]) and len(over[0]) > _LONE_UNIT:
        return False  # as likely the first value, of a row without a name
    return (
        2 * len(over) > len(typed) > 0
        and all(_UNIT.fullmatch(cell) and not header.is_typed(cell) for cell in over)
        and all(_IN_BRACKETS.fullmatch(cell) for cell in beside)
        and not any(cell.lower() in PLACEHOLDERS for cell in over)
    )


def _column(rows: Sequence[Row], number: int) -> list[Any]:
    return [row[number] for row in rows if number < len(row) and row[number] is not None]


def _mostly(values: Sequence[Any], kinds: type | tuple[type, ...]) -> bool:
    fitting = sum(isinstance(value, kinds) and not isinstance(value, bool) for value in values)
    return bool(values) and fitting >= _MOSTLY * len(values)
