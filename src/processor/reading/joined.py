r"""Rows that a quote makes one: after `"32""`, whose last quote is not doubled, Polars reads on in the next line.

A doubled quote at the end of a line, or before a delimiter, is nothing odd by itself: texts end so whose last word is
quoted, or go on. What is odd is a row that begins with such a line and is none to a strict reader. So each such line is
tried, to a bound; what seems odd is only looked at once more, row by row (processor.reading.repair).
"""

import csv
import io
import re
from collections.abc import Iterator
from typing import Final

from processor.reading.dialect import Dialect

LONGEST_ROW: Final = 1 << 20
MOST_TRIED: Final = 10_000


class Joined:
    """Looks for them."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._quote = (dialect.quote or '"').encode()
        quote, delimiter = re.escape(self._quote), re.escape(dialect.delimiter.encode())
        self._end = re.compile(rb"[^%b%b\r\n]%b%b(?=[%b\r\n])" % (quote, delimiter, quote, quote, delimiter))
        self._tried = 0

    def are_in(self, text: bytes) -> bool:
        """Whether there may be such rows among some whole ones."""
        for start in self._lines(text):
            if self._tried == MOST_TRIED:
                return False
            self._tried += 1
            if not self._is_row(text[start : start + LONGEST_ROW]):
                return True
        return False

    def _lines(self, text: bytes) -> Iterator[int]:
        """Where lines begin that leave a quote open and have a doubled one at the end of a field."""
        end = 0
        for found in self._end.finditer(text):
            if found.start() < end:
                continue
            start = max(text.rfind(newline, 0, found.start()) for newline in (b"\n", b"\r")) + 1
            end = min((at for at in (text.find(b"\n", start), text.find(b"\r", start)) if at >= 0), default=len(text))
            if text.count(self._quote, start, end) % 2:
                yield start

    def _is_row(self, text: bytes) -> bool:
        rows = csv.reader(
            io.StringIO(text.decode("utf-8", errors="replace"), newline=""),
            delimiter=self._dialect.delimiter,
            quotechar=self._dialect.quote or '"',
            strict=True,
        )
        try:
            next(rows, None)
        except csv.Error:
            return False
        return True
