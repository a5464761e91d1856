"""Quotes within quotes that are not doubled (`"a "b""`), which Polars leaves out without a word."""

import re

from processor.reading.dialect import Dialect
from processor.reading.packing import Unpacked
from processor.reading.rewriting import pieces


class Doubling:
    """Doubles the quotes within quoted fields that are not: where a field ends is where Polars ends it.

    Attributes:
        count: how many fields had such quotes.
    """

    def __init__(self, dialect: Dialect) -> None:
        quote, delimiter = (re.escape(mark.encode()) for mark in (dialect.quote or '"', dialect.delimiter))
        begin, end = rb"(?:\A|(?<=[\r\n])|(?<=%b))" % delimiter, rb"(?=%b|[\r\n]|\Z)" % delimiter
        rest = rb"%b[^%b\r\n]*%b" % (quote, quote, quote)
        self._field = re.compile(begin + rest + rb"(?:[^%b%b\r\n]*%b)*" % (delimiter, quote, rest) + end)
        self._quote = (dialect.quote or '"').encode()
        classes = bytearray(b"x" * 256)
        for mark, shown in ((dialect.delimiter.encode(), b"d"), (b"\n", b"n"), (b"\r", b"n"), (self._quote, b"q")):
            classes[mark[0]] = shown[0]
        self._classes = bytes(classes)
        self.count = 0

    def is_needed(self, text: bytes) -> bool:
        """Whether any field of some whole lines has such quotes; costs some milliseconds a megabyte where none has."""
        if self._quote not in text:
            return False
        shapes, at = text.translate(self._classes), 0
        while (at := shapes.find(b"xqx", at)) >= 0:
            end = shapes.find(b"n", at)
            line = text[shapes.rfind(b"n", 0, at) + 1 : end if end >= 0 else None]
            if self._field.sub(self._double, line) != line:
                self.count = 0
                return True
            if end < 0:
                return False
            at = end
        return False

    def is_needed_in(self, file: Unpacked, newline: bytes) -> bool:
        """Whether any field of the file has such quotes."""
        return any(self.is_needed(piece) for piece in pieces(file, newline, self._quote))

    def doubled(self, text: bytes) -> bytes:
        """Whole lines with all quotes within quotes doubled."""
        return self._field.sub(self._double, text)

    def _double(self, found: re.Match[bytes]) -> bytes:
        quote, inner = self._quote, found[0][1:-1]
        if quote not in inner.replace(quote * 2, b""):
            return found[0]
        self.count += 1
        if inner.count(b"\\" + quote) == inner.count(quote):
            inner = inner.replace(b"\\" + quote, quote)
        return quote + inner.replace(quote * 2, quote).replace(quote, quote * 2) + quote
