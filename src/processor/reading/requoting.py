"""Quotes in fields that are not quoted (`5" disk`): inches, or words that others quoted.

Polars sees fields as they are meant, but takes such a quote for one that may span lines. Between quotes, and doubled,
it is a character like others.
"""

import re
from collections.abc import Iterator

from processor.reading.dialect import Dialect


class Requoting:
    """Puts quotes around the fields of a line that hold some and are not quoted.

    Attributes:
        count: how many fields were not.
    """

    def __init__(self, dialect: Dialect, width: int) -> None:
        self._quote, self._delimiter = (dialect.quote or '"').encode(), dialect.delimiter.encode()
        quote, delimiter = re.escape(self._quote), re.escape(self._delimiter)
        quoted = rb"%b[^%b]*%b(?:%b[^%b]*%b)*" % ((quote,) * 6)
        self._field = re.compile(rb"(?:(%b)(?=%b|\Z)|([^%b]*))(%b|\Z)" % (quoted, delimiter, delimiter, delimiter))
        self._width = width
        self.count = 0

    def requoted(self, line: bytes) -> bytes | None:
        """The line with its end; None where one of its quotes is not closed, or it has another number of fields."""
        text = line.rstrip(b"\r\n")
        fields = list(self._fields(text))
        if len(fields) != self._width or any(map(self._is_open, fields)):
            return None
        found = [field for field in fields if not self._is_plain(field)]
        self.count += len(found)
        row = self._delimiter.join(field if self._is_plain(field) else self._within_quotes(field) for field in fields)
        return row + line[len(text) :] if found else None

    def _fields(self, text: bytes) -> Iterator[bytes]:
        at = 0
        while found := self._field.match(text, at):
            yield found[1] if found[1] is not None else found[2]
            at = found.end()
            if not found[3]:
                return

    def _is_plain(self, field: bytes) -> bool:
        """Whether it has no quote, or is quoted as it should be."""
        inner = (
            field[1:-1] if len(field) > 1 and field.startswith(self._quote) and field.endswith(self._quote) else field
        )
        return self._quote not in inner.replace(self._quote * 2, b"")

    def _is_open(self, field: bytes) -> bool:
        return field.startswith(self._quote) and field.count(self._quote) % 2 == 1

    def _within_quotes(self, field: bytes) -> bytes:
        return self._quote + field.replace(self._quote, self._quote * 2) + self._quote
