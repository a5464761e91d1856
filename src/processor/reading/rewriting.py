r"""Delimited text as some programs write it, made what Polars reads: the same lines, the same values.

Blanks after delimiters (`1, "a, b", 2`), quotes behind backslashes (`"a \"b\""`), quotes that are not doubled
(`"a "b""`): of those Polars makes other fields or other values, mostly without a word.
"""

import csv
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from processor.reading.dialect import Dialect
from processor.reading.packing import Unpacked
from processor.reading.spots import RowShape, usual_width

_CHUNK = 1 << 20
_LONGEST_ROW = 16 << 20
_LINES = 300
_MOST = 0.9
_ESCAPED = re.compile(rb'\\(["\\])')


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What a program does that Polars does not expect.

    Attributes:
        dialect: how lines are cut.
        blanks: fields begin with blanks that are not theirs.
        backslashes: quotes within quotes stand behind a backslash.
    """

    dialect: Dialect
    blanks: bool = False
    backslashes: bool = False

    def __bool__(self) -> bool:
        return self.blanks or self.backslashes

    def rewritten(self, text: bytes) -> bytes:
        """Whole rows as Polars expects them."""
        if self.backslashes:
            text = _ESCAPED.sub(lambda found: b'""' if found[1] == b'"' else b"\\", text)
        return self._begins.sub(rb"\1\2", text) if self.blanks else text

    def shape(self, text: str, newline: str) -> RowShape:
        """What the rows of a text that shows these habits look like."""
        lines, escape = _lines(text), "\\" if self.backslashes else None
        rows = _rows(lines, self.dialect, skip_blanks=self.blanks, escape=escape, strict=False)
        return RowShape(
            dialect=self.dialect,
            newline=newline,
            width=usual_width(rows or []),
            skip_blanks=self.blanks,
            escape=escape,
        )

    @property
    def _begins(self) -> re.Pattern[bytes]:
        quote, delimiter = _marks(self.dialect)
        quoted = b"(%b[^%b]*%b(?:%b[^%b]*%b)*)?" % ((quote,) * 6) if self.dialect.quote else b"()"
        return re.compile(rb"(\A|(?<=[\r\n])|%b) *" % delimiter + quoted)


def habits_of(text: str, dialect: Dialect) -> Habits:
    """The habits that the beginning of a text shows, in whole lines without what stands before the table."""
    lines = _lines(text)
    escaped = '\\"' in text and dialect.quote == '"' and not _is_regular(lines, dialect)
    return Habits(
        dialect=dialect,
        blanks=_has_blanks(lines, dialect),
        backslashes=escaped and _is_regular(lines, dialect, escape="\\"),
    )


def copy_rewritten(
    file: Unpacked,
    target: Path,
    rewrite: Callable[[bytes], bytes],
    *,
    newline: str,
    quote: str | None,
    told: Callable[[int], None],
) -> None:
    """Write all of the file to `target`, some whole rows at a time."""
    with target.open("wb") as out:
        for piece in _pieces(file, newline.encode(), (quote or '"').encode()):
            out.write(rewrite(piece))
            told(file.position)


class Doubling:
    """Doubles the quotes within quoted fields that are not: where a field ends is where Polars ends it.

    Attributes:
        count: how many fields had such quotes.
    """

    def __init__(self, dialect: Dialect) -> None:
        quote, delimiter = _marks(dialect)
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
            at += 1 if end < 0 else end - at
        return False

    def is_needed_in(self, file: Unpacked, newline: bytes) -> bool:
        """Whether any field of the file has such quotes."""
        return any(self.is_needed(piece) for piece in _pieces(file, newline, self._quote))

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


def _marks(dialect: Dialect) -> tuple[bytes, bytes]:
    return re.escape((dialect.quote or '"').encode()), re.escape(dialect.delimiter.encode())


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\n|\r", text, maxsplit=_LINES)[:_LINES]


def _has_blanks(lines: Sequence[str], dialect: Dialect) -> bool:
    """Whether nearly all fields begin with a blank, or so many quoted ones that their delimiters cut them apart."""
    if dialect.delimiter == " " or not _is_regular(lines, dialect, skip_blanks=True):
        return False
    rows = _rows(lines, dialect, strict=False) or []
    if len(rows[0]) < 2:
        return False  # one column: what follows upon a comma is its text, or cut off
    fields = [cell for row in rows for cell in row[1:] if cell]
    if sum(cell.startswith(" ") for cell in fields) > _MOST * len(fields):
        return True
    quoted = sum(any(_is_quoted_behind_blanks(cell, dialect) for cell in row[1:]) for row in rows)
    return 2 * quoted > len(rows) and usual_width(rows) > usual_width(_rows(lines, dialect, skip_blanks=True) or [])


def _is_quoted_behind_blanks(cell: str, dialect: Dialect) -> bool:
    return cell.startswith(" ") and bool(dialect.quote) and cell.lstrip(" ").startswith(dialect.quote or "")


def _is_regular(
    lines: Sequence[str], dialect: Dialect, *, skip_blanks: bool = False, escape: str | None = None
) -> bool:
    """Whether hardly a row is not as wide as the others, and all quotes are where they may be."""
    rows = _rows(lines, dialect, skip_blanks=skip_blanks, escape=escape)
    if not rows or len(rows) < 2:
        return False
    usual = usual_width(rows)
    return usual > 1 and sum(len(row) == usual for row in rows) >= _MOST * len(rows)


def _rows(
    lines: Sequence[str], dialect: Dialect, *, skip_blanks: bool = False, escape: str | None = None, strict: bool = True
) -> list[list[str]] | None:
    """The rows, or None where quotes are not as they must be."""
    reader = dialect.reader(lines, skip_blanks=skip_blanks, escape=escape, strict=strict)
    rows: list[list[str]] = []
    try:
        rows.extend(row for row in reader if row)
    except csv.Error:
        # A row that goes on beyond the last line is not wrong.
        return rows if reader.line_num == len(lines) else None
    return rows


def _pieces(file: Unpacked, newline: bytes, quote: bytes) -> Iterator[bytes]:
    """The file in pieces of whole lines, which do not end inside of a quoted field that is not very long."""
    rest = b""
    while chunk := file.read(_CHUNK):
        piece = rest + chunk
        end = last = piece.rfind(newline) + 1
        is_open = piece.count(quote, 0, end) % 2 == 1
        while is_open and end:
            start = piece.rfind(newline, 0, end - 1) + 1
            is_open ^= piece.count(quote, start, end) % 2 == 1
            end = start
        end = last if len(piece) > _LONGEST_ROW else end
        if end:
            yield piece[:end]
        rest = piece[end:]
    if rest:
        yield rest
