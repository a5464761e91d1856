"""The values of a sheet's cells, row by row: XML that streams by, so that memory is bounded."""

import math
import re
from collections.abc import Callable, Iterator
from datetime import datetime, time, timedelta
from functools import partial
from typing import IO, Any

from processor.reading.columns import check_count
from processor.reading.flaws import Flaws
from processor.reading.spreadsheet.plain_xml import Cell, attributes_of, resolved, rows_of
from processor.reading.spreadsheet.workbook import Workbook
from processor.reading.spreadsheet.xml import XmlParser, damaged, unescaped

_FIRST, _THEN = 2_000, 20_000
_FIRST_CELLS, _MOST_CELLS = 40_000, 1_000_000
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d*)")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  # sheets know no time zone
_EXACT = 1 << 53  # below, a float is the whole number that it shows
_LAST_DAY = 2_958_466  # 9999-12-31


def batches(book: Workbook, part: IO[bytes], flaws: Flaws) -> Iterator[list[list[Any]]]:
    """The rows that have a value, some at a time; the first few soon.

    Args:
        book: what the workbook says of the sheet.
        part: the sheet's XML.
        flaws: told of cells that show an error.

    Raises:
        InputError: the sheet is damaged, or has too many columns.
    """
    cells = _Cells(book, flaws)
    wanted, most = _FIRST, _FIRST_CELLS  # what can be shown within some tenths of a second
    for _ in cells.run(part):
        if len(cells.rows) >= wanted or cells.cells >= most:
            yield cells.rows
            cells.rows, cells.cells, wanted, most = [], 0, _THEN, _MOST_CELLS
    if cells.rows:
        yield cells.rows


class _NotPlainError(Exception):
    """A cell is written in another way than most are: the parser of elements must read it."""


class _Cells(XmlParser):
    """Collects the values of a sheet's rows; rows without any value are left out."""

    ending = b"</row>"

    def __init__(self, book: Workbook, flaws: Flaws) -> None:
        super().__init__()
        self.rows: list[list[Any]] = []
        self.cells = 0
        self._book = book
        self._flaws = flaws
        self._row: list[Any] = []
        self._column = 0
        self._type = "n"
        self._style = 0
        self._pieces: list[str] = []
        self._taking = False
        self._phonetic = False
        self._columns: dict[str, int] = {}
        self._readers: dict[str, Callable[[str], Any]] = {}
        self._read: dict[str, Callable[[str], Any]] = {
            "s": lambda text: book.texts[int(text)],
            "str": unescaped,
            "inlineStr": unescaped,
            "b": lambda text: text.strip() in {"1", "true"},
            "e": self._error,
            "d": _iso,
            "n": self._number,
        }

    def take(self, piece: str) -> bool:
        rows = rows_of(piece)
        if rows is None:
            return False
        try:
            taken = [row for cells in rows if (row := self._plain_row(cells))]
        except _NotPlainError:
            return False
        except (ValueError, IndexError, OverflowError):
            raise damaged() from None
        self.rows.extend(taken)
        self.cells += sum(map(len, taken))
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
            else:
                row.extend([None] * (column + 1 - len(row)))
                row[column] = found
        return row

    def _reader(self, attributes: str) -> Callable[[str], Any]:
        """What makes values of the texts of cells with these attributes."""
        found = attributes_of(attributes)
        if found is None:
            raise _NotPlainError
        form, style = found.get("t", "n"), int(found.get("s", "0"))
        shown = self._book.shown.get(style)
        read = self._read.get(form, unescaped)
        if form == "n":
            read = partial(self._dated, shown=shown) if shown else _plain_number
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

    def _put(self, row: list[Any], column: int, value: Any) -> None:
        if value is None:
            return
        missing = column + 1 - len(row)
        if missing > 0:
            row.extend([None] * missing)
            self.cells += missing
        row[column] = value

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in {"v", "t"}:
            self._taking = not self._phonetic
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self._row, self._column = [], 0

    def end(self, name: str) -> None:
        if name == "c":
            self._end_cell()
        elif name in {"v", "t"}:
            self._taking = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "row" and any(cell is not None for cell in self._row):
            self.rows.append(self._row)

    def text(self, data: str) -> None:
        if self._taking:
            self._pieces.append(data)

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = _REFERENCE.match(attributes.get("r", ""))
        if reference:
            self._column = self._column_of(reference[1])
        check_count(self._column + 1)
        self._type = attributes.get("t", "n")
        self._style = int(attributes.get("s", "0"))
        self._pieces = []

    def _end_cell(self) -> None:
        if self._pieces:
            self._put(self._row, self._column, self._value("".join(self._pieces)))
        self._column += 1

    def _value(self, text: str) -> Any:
        try:
            return self._read.get(self._type, unescaped)(text)
        except (ValueError, IndexError, OverflowError):
            raise damaged() from None

    def _error(self, _: str) -> None:
        self._flaws.note("cell_errors", "Cells that show an error (#DIV/0!, #N/A …) were read as missing values.")

    def _number(self, text: str) -> Any:
        shown = self._book.shown.get(self._style)
        return self._dated(text, shown=shown) if shown else _plain_number(text)

    def _dated(self, text: str, *, shown: str) -> Any:
        number = float(text)
        if math.isfinite(number):
            return _moment(number, shown, epoch_1904=self._book.epoch_1904)
        return number


def _plain_number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _moment(number: float, shown: str, *, epoch_1904: bool) -> Any:
    """The moment that a number of days stands for; one that no calendar has stays a number."""
    if shown == "time" and 0 <= number < 1:
        microseconds = round(number * 86_400_000) * 1000
        return (_EPOCH + timedelta(microseconds=microseconds)).time() if microseconds < 86_400_000_000 else number
    if not 0 <= number < _LAST_DAY or (number < 61 and not epoch_1904):
        return number  # before March 1900 Excel counts a day that there was not
    moment = (_EPOCH_1904 if epoch_1904 else _EPOCH) + timedelta(milliseconds=round(number * 86_400_000))
    return moment.date() if moment.time() == time() and shown == "date" else moment


def _iso(text: str) -> Any:
    return datetime.fromisoformat(text.removesuffix("Z"))
