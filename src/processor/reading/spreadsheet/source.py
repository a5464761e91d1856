"""A sheet of an .xlsx file as frames."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading.converted import Piece
from processor.reading.dialect import looks_like_header
from processor.reading.flaws import Flaws
from processor.reading.merging import common
from processor.reading.options import ReadOptions
from processor.reading.schema import unique_names
from processor.reading.spreadsheet.cells import batches
from processor.reading.spreadsheet.parts import Parts
from processor.reading.spreadsheet.workbook import opened

_LOOK_AT = 100
_PREAMBLE = 20


class ExcelSource:
    """The rows of one sheet.

    Args:
        path: the file.
        options: which sheet, and where its table begins.
        folder: for what memory has no room for.
        most_bytes: memory for the shared texts.
    """

    format = "excel"
    head_rows = 1  # the first piece

    def __init__(self, path: Path, options: ReadOptions, *, folder: Path, most_bytes: int) -> None:
        self._path = path
        self._options = options
        self._folder = folder
        self._most_bytes = most_bytes

    def rows(self) -> int | None:
        """The size that a sheet states is often wrong."""
        return None

    def pieces(self, flaws: Flaws) -> Iterator[Piece]:
        """The rows under the names of the header.

        Raises:
            InputError: the file is damaged, is a bomb, or has no such sheet.
        """
        size = self._path.stat().st_size
        with self._path.open("rb") as raw, Parts(raw) as parts:
            book = opened(parts, self._options.sheet, folder=self._folder, most_bytes=self._most_bytes)
            if len(book.sheets) > 1 and self._options.sheet is None:
                flaws.note("sheet", f"The first of {len(book.sheets)} sheets was read.")
            with book.texts, parts.opened(book.part) as part:
                share = size / max(1, parts.bytes(book.part))
                for frame in self._frames(batches(book, part, flaws), flaws):
                    yield Piece(frame=frame, position=min(size - 1, round(part.tell() * share)))

    def _frames(self, found: Iterator[list[list[Any]]], flaws: Flaws) -> Iterator[pl.DataFrame]:
        first = next(found, [])
        start, header = self._layout(first, flaws)
        names = [_as_name(cell) for cell in first[start]] if header else []
        yield _frame(first[start + header :], names)
        for rows in found:
            yield _frame(rows, names)

    def _layout(self, rows: Sequence[list[Any]], flaws: Flaws) -> tuple[int, bool]:
        """How many rows stand before the table, and whether its first row holds names."""
        if not rows:
            raise InputError("The sheet is empty.", advice="Choose another by read_options.sheet.")
        looked_at = rows[:_LOOK_AT]
        widths = [sum(cell is not None for cell in row) for row in looked_at]
        start = self._options.skip_rows
        if start is None:
            start = next((n for n, width in enumerate(widths[:_PREAMBLE]) if width > 1), 0) if max(widths) > 1 else 0
            if start:
                flaws.note("preamble", f"The first {start} rows are no rows of the table; they were left out.")
        if start >= len(rows):
            raise InputError("The sheet ends before its table begins.", advice="Look at read_options.skip_rows.")
        if self._options.header is not None:
            return start, self._options.header
        header = looks_like_header([[_as_name(cell) for cell in row] for row in looked_at[start:]])
        if not header:
            flaws.note("header", "The first row looks like data; the columns are named column_1, column_2 and so on.")
        return start, header


def _as_name(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _frame(rows: Sequence[list[Any]], names: Sequence[str]) -> pl.DataFrame:
    width = max([len(names), *(len(row) for row in rows)])
    wide = unique_names([*names, *[""] * (width - len(names))])
    columns = [[row[n] if n < len(row) else None for row in rows] for n in range(width)]
    return pl.DataFrame([_series(name, values) for name, values in zip(wide, columns, strict=True)])


def _series(name: str, values: list[Any]) -> pl.Series:
    """A column of the narrowest type that its values share; text where there is none."""
    kinds = {type(value) for value in values if value is not None}
    dtype: pl.DataType = pl.Null()
    for kind in kinds:
        dtype = common(dtype, _TYPES[kind])
    if dtype == pl.String and kinds != {str}:
        values = [value if value is None or isinstance(value, str) else _text(value) for value in values]
    return pl.Series(name, values, dtype=dtype, strict=False)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


_TYPES: dict[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    str: pl.String(),
    date: pl.Date(),
    datetime: pl.Datetime("us"),
    time: pl.Time(),
}
