"""Pieces of a text file, small at any size of the file: its beginning, and for the types a few places further on."""

import codecs
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from common.errors import InputError
from processor.reading.packing import Packing, Unpacked
from processor.reading.spots import closed

HEAD_BYTES = 1 << 20
SPOTS = 8
SPOT_BYTES = 64 << 10
_MARKS = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CODE_UNIT = 4  # spots begin where a character of UTF-32 may
_THIN_HEAD = 64 << 10
_THIN_SPOT = 8 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was looked at.

    Attributes:
        head: the beginning of the text.
        spots: pieces from further on, cut anywhere; none of a compressed or small file.
        in_rows: True where the spots were cut to whole rows.
        whole: True where `head` is all there is.
        text_bytes: how many bytes of text there are, known or estimated; None where nothing can be said.
    """

    head: bytes
    spots: tuple[bytes, ...]
    whole: bool
    text_bytes: int | None
    in_rows: bool = False

    def lines(self, newline: bytes) -> bytes:
        """The head in whole lines."""
        if self.whole or newline not in self.head:
            return self.head
        return self.head[: self.head.rindex(newline) + 1]

    def spread(self, newline: bytes, quote: str | None) -> bytes:
        """Whole rows of the head and of all spots, in the file's order."""
        head = self.lines(newline) if self.whole else closed(self.lines(newline), newline, quote)
        return head + b"".join(self._whole_lines(spot, newline) for spot in self.spots)

    def thin(self, newline: bytes, quote: str | None) -> bytes:
        """The same, much less of each: for what is slow."""
        head = self.lines(newline)
        # At least a row beyond the first line: each of them may be longer than that by itself.
        cut = head.find(newline, head.find(newline) + _THIN_HEAD) + 1
        spots = (closed(self._whole_lines(spot[:_THIN_SPOT], newline), newline, quote) for spot in self.spots)
        return (closed(head[:cut], newline, quote) if cut else head) + b"".join(spots)

    def cut(self, rows_of: Callable[[bytes], bytes]) -> "Sample":
        """The same with spots of whole rows; those that have none are left out."""
        if self.in_rows:
            return self
        return replace(self, spots=tuple(rows for spot in self.spots if (rows := rows_of(spot))), in_rows=True)

    def _whole_lines(self, spot: bytes, newline: bytes) -> bytes:
        begin = 0 if self.in_rows else spot.find(newline) + 1
        return spot[begin : spot.rfind(newline) + 1]

    def converted(self, convert: Callable[[bytes], bytes]) -> "Sample":
        """The same text, otherwise encoded."""
        head = convert(self.head)
        mark = next((mark for mark in _MARKS if self.head.startswith(mark)), b"")
        return replace(
            self,
            head=head,
            spots=tuple(convert(mark + spot) for spot in self.spots),
            text_bytes=self.text_bytes and round(self.text_bytes * len(head) / len(self.head)),
        )

    def lines_estimate(self, newline: bytes) -> int | None:
        """How many lines the file may have, from the length of those that were seen."""
        seen = self.head + b"".join(self.spots)
        if self.text_bytes is None:
            return None
        return max(1, round(self.text_bytes * seen.count(newline) / len(seen)))


def take(path: Path, packing: Packing, *, member: str | None = None) -> Sample:
    """Look at the file.

    Raises:
        InputError: its compressed data is damaged from the start, or it holds nothing.
    """
    sample = _from_text(path) if packing is Packing.NONE else _from_packed(path, packing, member)
    if not sample.head.strip():
        raise InputError("The file holds no table.", advice="Hand in a file with at least a line of column names.")
    return sample


def head_of(path: Path, packing: Packing, *, member: str | None = None, count: int = HEAD_BYTES) -> bytes:
    """The first bytes, unpacked."""
    with Unpacked(path, packing, member=member) as file:
        return file.read(count)


def _from_text(path: Path) -> Sample:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        spots = []
        for number in range(1, SPOTS + 1) if size > 2 * HEAD_BYTES else ():
            start = HEAD_BYTES + (size - HEAD_BYTES - SPOT_BYTES) * number // SPOTS
            file.seek(start - start % _CODE_UNIT)
            spots.append(file.read(SPOT_BYTES + start % _CODE_UNIT))
    return Sample(head=head, spots=tuple(spots), whole=size <= HEAD_BYTES, text_bytes=size)


def _from_packed(path: Path, packing: Packing, member: str | None) -> Sample:
    with Unpacked(path, packing, member=member) as file:
        head = file.read(HEAD_BYTES)
        used = max(1, file.position)
        whole = not file.read(1)
        size = len(head) if whole else round(max(file.size / used, 1) * len(head))
    return Sample(head=head, spots=(), whole=whole, text_bytes=size)
