"""A sheet of an .xlsx file as frames."""

from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.reading.converted import Piece
from processor.reading.flaws import Flaws
from processor.reading.options import ReadOptions
from processor.reading.spreadsheet.batch import Batch
from processor.reading.spreadsheet.cells import batches
from processor.reading.spreadsheet.frames import frame_of
from processor.reading.spreadsheet.layout import NOTES, Layout, count_notes, find_table
from processor.reading.spreadsheet.parts import Parts
from processor.reading.spreadsheet.workbook import opened

_LOOK_AT = 100
_SHOWN = 60


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
        layout = self._layout(first, flaws)
        names = layout.names or []
        notes = Batch()  # what may stand below the table, if no row of it comes any more
        for come in chain([first.since(layout.first)], found):
            batch = notes.followed_by(come)
            rows, notes = batch.cut(len(batch.rows) - _count_notes(batch, names))
            mixed: set[str] = set()
            yield frame_of(rows, names, mixed), mixed
        if notes.rows:
            count, said = len(notes.rows), str(notes.rows[0][0])[:_SHOWN]
            flaws.note("footer", f"The last {count} rows are notes below the table; they were left out: {said}")

    def _layout(self, first: Batch, flaws: Flaws) -> Layout:
        """Where the table is; what is left out for that is told."""
        rows = [first.row(number) for number in range(min(_LOOK_AT, len(first.rows)))]
        if not rows and self._options.skip_rows:
            raise InputError("The sheet ends before its table begins.", advice="Look at read_options.skip_rows.")
        if not rows:
            raise InputError("The sheet is empty.", advice="Choose another by read_options.sheet.")
        start = None if self._options.skip_rows is None else 0
        layout = find_table(rows, start=start, named=self._options.header)
        if layout.start:
            flaws.note("preamble", f"The first {layout.start} rows are no rows of the table; they were left out.")
        if layout.names is None and self._options.header is None:
            flaws.note("header", "The first row looks like data; the columns are named column_1, column_2 and so on.")
        if layout.units is not None:
            shown = ", ".join(unit[:20] for unit in layout.units[:10])
            flaws.note("units", f"The row below the names holds units ({shown}); it was left out.")
        return layout


def _count_notes(batch: Batch, names: list[str]) -> int:
    count = len(batch.rows)
    last = [batch.row(number) for number in range(max(0, count - NOTES - 1), count)]
    return count_notes(last, width=max(len(names), batch.widest))
