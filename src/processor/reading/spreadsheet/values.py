"""What the texts in cells stand for, by the cell's type and what its style shows."""

import math
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from processor.reading.flaws import Flaws
from processor.reading.spreadsheet import moments
from processor.reading.spreadsheet.workbook import Workbook
from processor.reading.spreadsheet.xml import unescaped

_EXACT = 1 << 53  # below, a float is the whole number that it shows
_TRUTHS = {"1": True, "true": True, "0": False, "false": False}

Reader = Callable[[str], Any]
"""Makes a value of a cell's text; None of one that is missing."""


class Values:
    """Readers of cells.

    Args:
        book: gives the shared texts, and what the styles show.
        flaws: told of cells that are not read as they are.
    """

    def __init__(self, book: Workbook, flaws: Flaws) -> None:
        self._book = book
        self._flaws = flaws
        self._readers: dict[str, Reader] = {
            "s": lambda text: book.texts[int(text)],
            "b": self._truth,
            "e": self._error,
            "d": self._moment,
        }

    def reader(self, form: str, style: int) -> Reader:
        """What reads cells of a type (`t`) and a style (`s`); it may raise of a shared text that there is not."""
        if form != "n":
            return self._readers.get(form, unescaped)
        shown = self._book.shown.get(style)
        return partial(self._dated, shown=shown) if shown else self._number

    def _number(self, text: str) -> Any:
        try:
            number = float(text)
        except ValueError:
            return self._misfit(text)
        if "_" in text:  # Python's own way of writing numbers
            return self._misfit(text)
        return int(number) if number.is_integer() and abs(number) < _EXACT else number

    def _dated(self, text: str, *, shown: str) -> Any:
        number = self._number(text)
        if isinstance(number, str) or number is None or not math.isfinite(number):
            return number
        found = moments.of_number(number, shown, epoch_1904=self._book.epoch_1904)
        if found is None:
            self._flaws.note("cell_dates", "Cells that show day 0 or 29 February 1900 were read as missing values.")
        return found

    def _moment(self, text: str) -> Any:
        found = moments.of_text(text)
        if isinstance(found, str):
            return self._misfit(text)
        if not isinstance(found, datetime) or found.tzinfo is None:
            return found
        try:
            moment = moments.as_utc(found)
        except OverflowError:
            return self._misfit(text)
        if found.utcoffset():
            self._flaws.note("cell_zones", "Moments with an offset from UTC were read as UTC.")
        return moment

    def _truth(self, text: str) -> Any:
        truth = _TRUTHS.get(text.strip().lower())
        return self._misfit(text) if truth is None else truth

    def _error(self, _: str) -> None:
        self._flaws.note("cell_errors", "Cells that show an error (#DIV/0!, #N/A …) were read as missing values.")

    def _misfit(self, text: str) -> str | None:
        """The text of a cell that does not hold what its type says."""
        if not text.strip():
            return None
        self._flaws.note("cell_types", "Cells of numbers, dates or truth values that hold none were read as text.")
        return unescaped(text)
