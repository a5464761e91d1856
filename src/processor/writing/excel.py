"""An Excel workbook of one sheet, written row by row.

A text is written as text, never as a formula, a link or a number. Excel holds numbers as floats, times as fractions of
days since 1900, 1,048,576 rows, 16,384 columns and 32,767 characters in a cell: what goes beyond is written as text
where that says the same, and refused where it does not.
"""

import datetime as dt
import math
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format as CellFormat

from common.errors import InputError
from processor.writing.losses import Loss

MOST_ROWS: Final = (1 << 20) - 1  # and one for the names
MOST_COLUMNS: Final = 1 << 14
MOST_CHARS: Final = 32_767
EXACT: Final = 1 << 53
FIRST_DAY: Final = dt.date(1900, 3, 1)  # before it Excel has a day that there was not
OPTIONS: Final = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}


class _Exact(float):
    """A number that is written with as many digits as it needs: XlsxWriter asks for 16, and some need 17."""

    def __format__(self, spec: str) -> str:
        return repr(float(self))


class ExcelWriter:
    """Writes batches into one sheet; `close` ends the file.

    Args:
        path: of the workbook.
        names: of the columns.
        scratch: folder for what is not written yet.

    Raises:
        InputError: there are more columns than Excel holds.
    """

    def __init__(self, path: Path, *, names: list[str], scratch: Path) -> None:
        if len(names) > MOST_COLUMNS:
            raise InputError(f"Excel holds {MOST_COLUMNS:,} columns.", advice="Choose columns, or another format.")
        self._book = xlsxwriter.Workbook(path, {**OPTIONS, "tmpdir": str(scratch)})
        self._sheet = self._book.add_worksheet()
        self._formats: dict[type, CellFormat] = {
            dt.datetime: self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"}),
            dt.date: self._book.add_format({"num_format": "yyyy-mm-dd"}),
            dt.time: self._book.add_format({"num_format": "hh:mm:ss.000"}),
        }
        self._row = 0
        self._as_text: Counter[str] = Counter()
        self._names = names
        for place, name in enumerate(names):
            self._sheet.write_string(0, place, name[:MOST_CHARS])

    def write(self, batch: pl.DataFrame) -> None:
        """Append a batch.

        Raises:
            InputError: there are more rows, or longer texts, than Excel holds.
        """
        if self._row + batch.height > MOST_ROWS:
            raise InputError(
                f"Excel holds {MOST_ROWS:,} rows under one line of names.", advice="Set `limit`, or another format."
            )
        for row in _rows(batch):
            self._row += 1
            for place, value in enumerate(row):
                if value is not None:
                    self._cell(place, value)

    def _cell(self, place: int, value: object) -> None:
        match value:
            case bool():
                self._sheet.write_boolean(self._row, place, value)
            case int() if abs(value) <= EXACT:
                self._sheet.write_number(self._row, place, value)
            case float() if math.isfinite(value):
                self._sheet.write_number(self._row, place, _Exact(value))
            case dt.datetime() if value.date() >= FIRST_DAY:
                self._sheet.write_datetime(self._row, place, value, self._formats[dt.datetime])
            case dt.date() if not isinstance(value, dt.datetime) and value >= FIRST_DAY:
                self._sheet.write_datetime(self._row, place, value, self._formats[dt.date])
            case dt.time():
                self._sheet.write_datetime(self._row, place, value, self._formats[dt.time])
            case str():
                self._text(place, value)
            case _:
                self._as_text[self._names[place]] += 1
                self._text(place, value.isoformat() if isinstance(value, dt.date) else str(value))

    def _text(self, place: int, text: str) -> None:
        if len(text) > MOST_CHARS:
            raise InputError(
                f"Excel holds {MOST_CHARS:,} characters in a cell; column {self._names[place][:80]!r} has more.",
                advice="Leave the column out, or choose another format.",
            )
        self._sheet.write_string(self._row, place, text)

    def losses(self) -> list[Loss]:
        """What is text in the sheet though it was none."""
        if not self._as_text:
            return []
        listed = ", ".join(f"{count:,} of {name[:80]!r}" for name, count in self._as_text.most_common(20))
        return [
            Loss(
                code="values_as_text",
                message=f"Excel holds no integer beyond 2^53, no date before March 1900, no NaN and no infinity:"
                f" {listed} are written as text.",
            )
        ]

    def close(self) -> None:
        """Write the end."""
        self._book.close()


def _rows(batch: pl.DataFrame) -> Iterator[tuple[object, ...]]:
    try:
        yield from batch.iter_rows()
    except (ValueError, OverflowError):  # Python knows the years from 1 to 9999, and Excel no other
        raise InputError(
            "Excel holds no time outside of the years 1 to 9999.", advice="Choose columns, or another format."
        ) from None
