"""Pieces of a text that were cut anywhere, made pieces of whole rows."""

from collections.abc import Sequence
from contextlib import suppress
from csv import Error
from dataclasses import dataclass

from processor.reading.dialect import Dialect

_LOOK_AT_ROWS = 20
_LOOK_AT_STARTS = 64
_LOOK_AT_BYTES = 16 << 10
_LONGEST_ROW = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RowShape:
    """What a row of a file looks like, as far as it tells where one begins.

    Attributes:
        dialect: how it is cut.
        newline: what ends it.
        width: how many fields it has.
        skip_blanks: blanks may stand before the quotes around a field.
        escape: what may stand before a quote within quotes.
    """

    dialect: Dialect
    newline: str
    width: int
    skip_blanks: bool = False
    escape: str | None = None

    def whole_rows(self, spot: bytes) -> bytes:
        """The whole rows of a piece that was cut anywhere, perhaps inside of a quoted field that holds line ends.

        A line begins a row if the rows that follow from there are as wide as they should be.
        """
        newline = self.newline.encode()
        start = spot.find(newline) + 1
        for _ in range(_LOOK_AT_STARTS):
            if not start:
                return b""
            if self._is_regular(spot[start:]):
                return closed(spot[start : spot.rfind(newline) + 1], newline, self.dialect.quote)
            start = spot.find(newline, start) + 1
        return b""

    def lines_or_rows(self, spot: bytes) -> bytes:
        """The whole lines, ragged ones too, where there is no quote and they look like rows; else the whole rows."""
        newline, quote = self.newline.encode(), self.dialect.quote
        lines = spot[spot.find(newline) + 1 : spot.rfind(newline) + 1]
        if quote and (quote.encode() in spot or not self._are_rows(lines.split(newline, _LOOK_AT_ROWS)[:-1])):
            return self.whole_rows(spot)
        return lines

    def _are_rows(self, lines: Sequence[bytes]) -> bool:
        """Whether most lines, none with a quote, are as wide as rows: they may also be within one endless field."""
        others = self.width - 1
        return 2 * sum(line.count(self.dialect.delimiter.encode()) == others for line in lines) >= len(lines)

    def _is_regular(self, rest: bytes) -> bool:
        text = rest[:_LOOK_AT_BYTES].decode("utf-8", errors="replace")
        lines = text.split(self.newline)[:-1]
        reader = self.dialect.reader(lines, skip_blanks=self.skip_blanks, escape=self.escape)
        widths: list[int] = []
        with suppress(Error):
            for row in reader:
                widths += [len(row)] if row else []
                if len(widths) == _LOOK_AT_ROWS:
                    break
        # The last row may be cut off by the end of the piece.
        return _all_wide(widths if len(widths) == _LOOK_AT_ROWS else widths[:-1], self.width)


def closed(rows: bytes, newline: bytes, quote: str | None) -> bytes:
    """Lines without the last row, where the end of the piece cut it inside of quotes.

    Where that would be very much, one quote further up has no other, and nothing is cut.
    """
    mark, end = (quote or "").encode(), len(rows)
    is_open = bool(mark) and rows.count(mark) % 2 == 1
    while is_open:
        if not end or len(rows) - end > _LONGEST_ROW:
            return rows
        start = rows.rfind(newline, 0, end - len(newline)) + 1
        is_open ^= rows.count(mark, start, end) % 2 == 1
        end = start
    return rows[:end]


def _all_wide(widths: Sequence[int], width: int) -> bool:
    return bool(widths) and sum(found == width for found in widths) >= 0.9 * len(widths) and widths[0] == width
