"""Habits of programs that write delimited text otherwise than Polars expects: blanks, and backslashes before quotes."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass

from processor.reading.blanks import without_blanks
from processor.reading.dialect import Dialect
from processor.reading.header import usual_width
from processor.reading.spots import RowShape

_LINES = 300
_MOST = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a program does that Polars does not expect.

    Attributes:
        dialect: how lines are cut.
        blanks: fields begin with blanks that are not theirs.
        backslashes: quotes within quotes stand behind a backslash.
    """

    dialect: Dialect
    blanks: bool = False
    backslashes: bool = False

    def __bool__(self) -> bool:
        return self.blanks or self.backslashes

    def rewritten(self, text: bytes) -> bytes:
        """Whole rows as Polars expects them."""
        if self.backslashes:
            pieces = text.split(b"\\\\")
            text = b"\\".join(piece.replace(b'\\"', b'""') for piece in pieces)
        return without_blanks(text, self.dialect) if self.blanks else text

    def shape(self, text: str, newline: str) -> RowShape:
        """What the rows of a text that shows these habits look like."""
        lines, escape = _lines(text), "\\" if self.backslashes else None
        rows = _rows(lines, self.dialect, skip_blanks=self.blanks, escape=escape, strict=False)
        return RowShape(
            dialect=self.dialect,
            newline=newline,
            width=usual_width(rows or []),
            skip_blanks=self.blanks,
            escape=escape,
        )


def habits_of(text: str, dialect: Dialect) -> Habits:
    """The habits that the beginning of a text shows, in whole lines without what stands before the table."""
    lines = _lines(text)
    escaped = '\\"' in text and dialect.quote == '"' and not _is_regular(lines, dialect)
    return Habits(
        dialect=dialect,
        blanks=_has_blanks(lines, dialect),
        backslashes=escaped and _is_regular(lines, dialect, escape="\\"),
    )


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text, maxsplit=_LINES)[:_LINES]


def _has_blanks(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether nearly all fields begin with a blank, or so many quoted ones that their delimiters cut them apart."""
    if dialect.delimiter == " " or not _is_regular(lines, dialect, skip_blanks=True):
        return False
    rows = _rows(lines, dialect, strict=False) or []
    if len(rows[0]) < 2:
        return False  # one column: what follows upon a comma is its text, or cut off
    fields = [cell for row in rows for cell in row[1:] if cell]
    if sum(cell.startswith(" ") for cell in fields) > _MOST * len(fields):
        return True
    quoted = sum(any(_is_quoted_behind_blanks(cell, dialect) for cell in row[1:]) for row in rows)
    return 2 * quoted > len(rows) and usual_width(rows) > usual_width(_rows(lines, dialect, skip_blanks=True) or [])


def _is_quoted_behind_blanks(cell: str, dialect: Dialect) -> bool:
    return cell.startswith(" ") and bool(dialect.quote) and cell.lstrip(" ").startswith(dialect.quote or "")


def _is_regular(
    lines: Sequence[str], dialect: Dialect, *, skip_blanks: bool = False, escape: str | None = None
) -> bool:
    """Whether hardly a row is not as wide as the others, and all quotes are where they may be."""
    rows = _rows(lines, dialect, skip_blanks=skip_blanks, escape=escape)
    if not rows or len(rows) < 2:
        return False
    usual = usual_width(rows)
    return usual > 1 and sum(len(row) == usual for row in rows) >= _MOST * len(rows)


def _rows(
    lines: Sequence[str], dialect: Dialect, *, skip_blanks: bool = False, escape: str | None = None, strict: bool = True
) -> list[list[str]] | None:
    """The rows, or None where quotes are not as they must be."""
    reader = dialect.reader(lines, skip_blanks=skip_blanks, escape=escape, strict=strict)
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in reader if row)
    except csv.Error:
        # A row that goes on beyond the last line is not wrong.
        return rows if reader.line_num == len(lines) else None
    return rows
