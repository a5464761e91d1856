"""Blanks at the beginning of fields (`1, "a, b", 2`), left out, but for those within quotes.

What stands within quotes is every second piece between quotes, so whole stretches are done at once. That holds where
each quote that opens a field stands at its beginning; where one does not (`5" wide`), fields are looked for one by one,
several times slower, in the rows around it.
"""

import re

from processor.reading.dialect import Dialect

_STEPS = (16, 4, 1)
_SMALL = 4 << 10


def without_blanks(text: bytes, dialect: Dialect) -> bytes:
    """Whole rows without the blanks that fields begin with."""
    delimiter, quote = dialect.delimiter.encode(), (dialect.quote or "").encode()
    if not quote or quote not in text:
        return _stripped(text, delimiter)
    inside = text.split(quote)
    outside = _stripped(quote.join(inside[::2]), delimiter)
    if len(inside) % 2 and _are_at_begins(outside, delimiter, quote):
        inside[::2] = outside.split(quote)
        return quote.join(inside)
    middle = _middle(text, quote) if len(text) > _SMALL else 0
    if not middle:
        return _one_by_one(delimiter, quote).sub(rb"\1\2", text)
    return without_blanks(text[:middle], dialect) + without_blanks(text[middle:], dialect)


def _stripped(text: bytes, delimiter: bytes) -> bytes:
    """Text without quoted fields, or with a quote for each."""
    for mark in (delimiter, b"\n", b"\r"):
        for count in _STEPS:
            blanks = mark + b" " * count
            while blanks in text:
                text = text.replace(blanks, mark)
    return text.lstrip(b" ")


def _are_at_begins(outside: bytes, delimiter: bytes, quote: bytes) -> bool:
    """Whether all quotes, each for a quoted field or a doubled one within it, stand where a field begins."""
    while quote * 2 in outside:
        outside = outside.replace(quote * 2, quote)
    begins = sum(outside.count(mark + quote) for mark in (delimiter, b"\n", b"\r")) + outside.startswith(quote)
    return begins == outside.count(quote)


def _one_by_one(delimiter: bytes, quote: bytes) -> re.Pattern[bytes]:
    mark = re.escape(quote)
    quoted = rb"(%b[^%b]*%b(?:%b[^%b]*%b)*)?" % ((mark,) * 6)
    return re.compile(rb"(\A|[\r\n]|%b) *" % re.escape(delimiter) + quoted)


def _middle(text: bytes, quote: bytes) -> int:
    """Where a row ends near the middle, as far as the quotes before tell; 0 where none does."""
    end = len(text) // 2
    for _ in range(9):
        end = max(text.rfind(b"\n", 0, end), text.rfind(b"\r", 0, end)) + 1
        if not end or text.count(quote, 0, end) % 2 == 0:
            return end
        end -= 1
    return 0
