"""The values of a sheet's cells, row by row: XML that streams by, so that memory is bounded."""

import re
from collections.abc import Iterator
from typing import IO, Any

from processor.reading.columns import check_count
from processor.reading.flaws import Flaws
from processor.reading.spreadsheet.batch import FAR, Batch
from processor.reading.spreadsheet.number_formats import number_of
from processor.reading.spreadsheet.plain_xml import Cell, attributes_of, resolved, rows_of
from processor.reading.spreadsheet.values import Reader, Values
from processor.reading.spreadsheet.workbook import Workbook
from processor.reading.spreadsheet.xml import XmlParser, damaged

_FIRST, _THEN = 2_000, 20_000
_FIRST_CELLS, _MOST_CELLS = 40_000, 1_000_000
_REFERENCE = re.compile(r"([A-Za-z]{1,4})(\d*)")  # Excel has none of four letters: it lies behind the last column
_MOST_ROWS = 1 << 20


def batches(book: Workbook, part: IO[bytes], flaws: Flaws, *, skip: int = 0) -> Iterator[Batch]:
    """The rows that have a value, some at a time; the first few soon.

    Args:
        book: what the workbook says of the sheet.
        part: the sheet's XML.
        flaws: told of cells that are not read as they are.
        skip: how many rows to leave out, counted as the sheet numbers them.

    Raises:
        InputError: the sheet is damaged, or has too many columns.
    """
    cells = _Cells(book, flaws, skip=skip)
    wanted, most = _FIRST, _FIRST_CELLS  # what can be shown within some tenths of a second
    for _ in cells.run(part):
        if len(cells.batch.rows) >= wanted or cells.batch.cells >= most:
            yield from _bounded(cells.batch)
            cells.batch, wanted, most = Batch(), _THEN, _MOST_CELLS
    if cells.batch.rows:
        yield from _bounded(cells.batch)


def _bounded(batch: Batch) -> Iterator[Batch]:
    """One long row among many short ones, which came with it, would make a very large frame."""
    return batch.parts(_MOST_CELLS) if batch.cells > 2 * _MOST_CELLS else iter((batch,))


class _NotPlainError(Exception):
    """A cell is written in another way than most are: the parser of elements must read it."""


class _Cells(XmlParser):
    """Collects the values of a sheet's rows; rows without any value are left out."""

    ending = b"</row>"

    def __init__(self, book: Workbook, flaws: Flaws, *, skip: int) -> None:
        super().__init__()
        self.batch = Batch()
        self._skip = skip
        self._row_number = 0  # right as long as rows are skipped
        self._row: list[Any] = []
        self._far: dict[int, Any] = {}
        self._column = 0
        self._type = "n"
        self._style = 0
        self._pieces: list[str] = []
        self._taking = False
        self._phonetic = False
        self._columns: dict[str, int] = {}
        self._values = Values(book, flaws)
        self._readers: dict[str, Reader] = {}

    def take(self, piece: str) -> bool:
        if self._row_number < self._skip:
            return False
        rows = rows_of(piece)
        if rows is None:
            return False
        try:
            taken = [row for cells in rows if (row := self._plain_row(cells))]
        except _NotPlainError:
            return False
        except (ValueError, IndexError, OverflowError):
            raise damaged() from None
        self.batch.extend(taken)
        return True

    def _plain_row(self, cells: list[Cell]) -> list[Any]:
        """As `_begin_cell` and `_end_cell` would make it; written out, since there are millions."""
        row: list[Any] = []
        columns, readers = self._columns, self._readers
        for letters, attributes, value, text in cells:
            read = readers.get(attributes) or self._reader(attributes)  # first: no plain cell is none to judge
            column = columns[letters] if letters in columns else self._column_of(letters)
            written = value or text
            if not written:
                continue
            found = read(resolved(written) if "&" in written else written)
            if found is None:
                continue
            if column == len(row):
                row.append(found)
            elif column - len(row) > FAR:
                raise _NotPlainError
            else:
                row.extend([None] * (column + 1 - len(row)))
                row[column] = found
        return row

    def _reader(self, attributes: str) -> Reader:
        """What makes values of the texts of cells with these attributes."""
        found = attributes_of(attributes)
        if found is None:
            raise _NotPlainError
        read = self._values.reader(found.get("t", "n"), number_of(found.get("s", "")))
        self._readers[attributes] = read
        return read

    def _column_of(self, letters: str) -> int:
        column = self._columns.get(letters)
        if column is None:
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - 64
            check_count(number)
            column = self._columns[letters] = number - 1
        return column

    def _put(self, column: int, value: Any) -> None:
        if value is None:
            return
        missing = column + 1 - len(self._row)
        if missing > FAR + 1:
            self._far[column] = value
            return
        if missing > 0:
            self._row.extend([None] * missing)
        self._row[column] = value

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in {"v", "t"}:
            self._taking = not self._phonetic
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self._row, self._far, self._column = [], {}, 0
            self._row_number += 1
            self._skip_to(attributes.get("r", ""))

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in {"v", "t"}:
            self._taking = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "row" and (self._row or self._far):
            self.batch.add(self._row, self._far)

    def text(self, data: str) -> None:
        if self._taking:
            self._pieces.append(data)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.fullmatch(attributes.get("r", ""))
        if reference:
            self._column = self._column_of(reference[1].upper())
            self._skip_to(reference[2])
        check_count(self._column + 1)
        self._type = attributes.get("t", "n")
        self._style = number_of(attributes.get("s", ""))
        self._pieces = []

    def _skip_to(self, number: str) -> None:
        """Rows that are empty need not be there: the next one says its number."""
        found = number_of(number)
        if self._row_number < found <= _MOST_ROWS:
            self._row_number = found

    def _end_cell(self) -> None:
        if self._pieces and self._row_number > self._skip:
            self._put(self._column, self._value("".join(self._pieces)))
        self._column += 1

    def _value(self, text: str) -> Any:
        try:
            return self._values.reader(self._type, self._style)(text)
        except (ValueError, IndexError, OverflowError):
            raise damaged() from None
