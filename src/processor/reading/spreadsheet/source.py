"""A sheet of an .xlsx file as frames."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading.converted import Piece
from processor.reading.flaws import Flaws
from processor.reading.header import looks_like_header
from processor.reading.options import ReadOptions
from processor.reading.spreadsheet.batch import Batch
from processor.reading.spreadsheet.cells import batches
from processor.reading.spreadsheet.frames import frame_of
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
                found = batches(book, part, flaws, skip=self._options.skip_rows or 0)
                for frame, mixed in self._frames(found, flaws):
                    yield Piece(frame=frame, position=min(size - 1, round(part.tell() * share)), mixed=mixed)

    def _frames(self, found: Iterator[Batch], flaws: Flaws) -> Iterator[tuple[pl.DataFrame, set[str]]]:
        first = next(found, Batch())
        start, header = self._layout(first, flaws)
        names = [_as_name(cell) for cell in first.row(start)] if header else []
        for batch in chain([first.since(start + header)], found):
            mixed: set[str] = set()
            yield frame_of(batch, names, mixed), mixed

    def _layout(self, first: Batch, flaws: Flaws) -> tuple[int, bool]:
        """How many of the rows stand before the table, and whether its first row holds names."""
        rows = [first.row(number) for number in range(min(_LOOK_AT, len(first.rows)))]
        if not rows and self._options.skip_rows:
            raise InputError("The sheet ends before its table begins.", advice="Look at read_options.skip_rows.")
        if not rows:
            raise InputError("The sheet is empty.", advice="Choose another by read_options.sheet.")
        widths = [sum(cell is not None for cell in row) for row in rows]
        start = 0
        if self._options.skip_rows is None and max(widths) > 1:
            start = next((n for n, width in enumerate(widths[:_PREAMBLE]) if width > 1), 0)
        if start:
            flaws.note("preamble", f"The first {start} rows are no rows of the table; they were left out.")
        if self._options.header is not None:
            return start, self._options.header
        header = looks_like_header([[_as_name(cell) for cell in row] for row in rows[start:]])
        if not header:
            flaws.note("header", "The first row looks like data; the columns are named column_1, column_2 and so on.")
        return start, header


def _as_name(cell: Any) -> str:
    return "" if cell is None else str(cell)
