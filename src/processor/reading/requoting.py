"""Quotes in fields that are not quoted (`5" disk`): inches, or words that others quoted.

Polars sees fields as they are meant, but takes such a quote for one that may span lines. Between quotes, and doubled,
it is a character like others. So is the last one but one of a field that is quoted (`"32""`), where its row has an end.
"""

import re

from processor.reading.dialect import Dialect


class Requoting:
    """Puts quotes around the fields of a row that hold some and are not quoted.

    Attributes:
        count: how many fields were not.
    """

    def __init__(self, dialect: Dialect, width: int) -> None:
        self._quote, self._delimiter = (dialect.quote or '"').encode(), dialect.delimiter.encode()
        quote, delimiter = re.escape(self._quote), re.escape(self._delimiter)
        quoted = rb"%b[^%b]*%b(?:%b[^%b]*%b)*" % ((quote,) * 6)
        self._field = re.compile(rb"(?:(%b)(?=%b|\Z)|([^%b\r\n]*))(%b|\Z)" % (quoted, delimiter, delimiter, delimiter))
        self._width = width
        self.count = 0

    def requoted(self, row: bytes) -> bytes | None:
        """The row with its end; None where one of its quotes is not closed, or it has another number of fields."""
        text = row.rstrip(b"\r\n")
        fields = self._fields(text)
        if len(fields) != self._width or any(map(self._is_open, fields)):
            return None
        found = [field for field in fields if not self._is_plain(field)]
        self.count += len(found)
        mended = self._delimiter.join(
            field if self._is_plain(field) else self._within_quotes(field) for field in fields
        )
        return mended + row[len(text) :] if found else None

    def _fields(self, text: bytes) -> list[bytes]:
        """The fields of a row; none where the text is more than one, or less."""
        fields: list[bytes] = []
        at = 0
        while found := self._field.match(text, at):
            fields.append(found[1] if found[1] is not None else found[2])
            if not found[3]:
                return fields
            at = found.end()
        return []

    def _is_plain(self, field: bytes) -> bool:
        """Whether it has no quote, or is quoted as it should be."""
        inner = (
            field[1:-1] if len(field) > 1 and field.startswith(self._quote) and field.endswith(self._quote) else field
        )
        return self._quote not in inner.replace(self._quote * 2, b"")

    def _is_open(self, field: bytes) -> bool:
        return field.startswith(self._quote) and field.count(self._quote) % 2 == 1 and not self._ends_in_quote(field)

    def _ends_in_quote(self, field: bytes) -> bool:
        """Whether the text between its quotes ends in one that is not doubled."""
        return len(field) > 2 and field.startswith(self._quote) and field.endswith(self._quote * 2)

    def _within_quotes(self, field: bytes) -> bytes:
        if self._ends_in_quote(field):
            field = field[1:-1].replace(self._quote * 2, self._quote)
        return self._quote + field.replace(self._quote, self._quote * 2) + self._quote
