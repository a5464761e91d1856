"""Sheets of .xlsx files, cell by cell: XML that streams by, so that memory is bounded."""

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import polars as pl

from common.errors import InputError
from processor.reading import archive
from processor.reading.columns import check_count
from processor.reading.converted import Piece
from processor.reading.dialect import looks_like_header
from processor.reading.flaws import Flaws
from processor.reading.merging import common
from processor.reading.options import ReadOptions
from processor.reading.plain_xml import Cell, attributes_of, resolved, rows_of
from processor.reading.schema import unique_names
from processor.reading.workbook import Workbook, XmlParser, damaged, opened, unescaped

_FIRST, _THEN = 2_000, 20_000
_FIRST_CELLS, _MOST_CELLS = 40_000, 1_000_000
_LOOK_AT = 100
_PREAMBLE = 20
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d*)")
_EPOCH, _EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)  # noqa: DTZ001  # sheets know no time zone
_EXACT = 1 << 53  # below, a float is the whole number that it shows
_LAST_DAY = 2_958_466  # 9999-12-31


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
        try:
            with self._path.open("rb") as raw, archive.directory(raw) as package:
                book = opened(package, self._options.sheet, folder=self._folder, most_bytes=self._most_bytes)
                if len(book.sheets) > 1 and self._options.sheet is None:
                    flaws.note("sheet", f"The first of {len(book.sheets)} sheets was read.")
                info = package.getinfo(book.part)
                with book.texts, package.open(info) as part:
                    cells = _Cells(book, flaws)
                    share = size / max(1, info.file_size)
                    for frame in self._frames(_batches(cells, part), flaws):
                        yield Piece(frame=frame, position=min(size - 1, round(part.tell() * share)))
        except (KeyError, BadZipFile, NotImplementedError, RuntimeError):
            raise damaged() from None

    def _frames(self, batches: Iterator[list[list[Any]]], flaws: Flaws) -> Iterator[pl.DataFrame]:
        first = next(batches, [])
        start, header = self._layout(first, flaws)
        names = [_as_name(cell) for cell in first[start]] if header else []
        yield _frame(first[start + header :], names)
        for rows in batches:
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
        shown = self._book.dates.get(style)
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
        shown = self._book.dates.get(self._style)
        return self._dated(text, shown=shown) if shown else _plain_number(text)

    def _dated(self, text: str, *, shown: str) -> Any:
        number = float(text)
        if math.isfinite(number):
            return _moment(number, shown, epoch_1904=self._book.epoch_1904)
        return number


def _batches(cells: _Cells, part: Any) -> Iterator[list[list[Any]]]:
    wanted, most = _FIRST, _FIRST_CELLS  # what can be shown within some tenths of a second
    for _ in cells.run(part):
        if len(cells.rows) >= wanted or cells.cells >= most:
            yield cells.rows
            cells.rows, cells.cells, wanted, most = [], 0, _THEN, _MOST_CELLS
    if cells.rows:
        yield cells.rows


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
