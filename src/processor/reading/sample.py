"""Pieces of a text file, small at any size of the file: its beginning, and for the types a few places further on."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.reading.signature import Signature

HEAD_BYTES = 1 << 20
SPOTS = 8
SPOT_BYTES = 64 << 10
_HEAD_LINES = 20_000
_THIN_HEAD = 64 << 10
_THIN_SPOT = 8 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was looked at.

    Attributes:
        head: the beginning of the text.
        spots: pieces from further on, cut anywhere; none of a compressed or small file.
        whole: True where `head` is all there is.
        text_bytes: how many bytes of text there are, known or estimated; None where nothing can be said.
    """

    head: bytes
    spots: tuple[bytes, ...]
    whole: bool
    text_bytes: int | None

    def lines(self, newline: bytes) -> bytes:
        """The head in whole lines."""
        if self.whole or newline not in self.head:
            return self.head
        return self.head[: self.head.rindex(newline) + 1]

    def spread(self, newline: bytes) -> bytes:
        """Whole lines of the head and of all spots, in the file's order."""
        return self.lines(newline) + b"".join(_whole_lines(spot, newline) for spot in self.spots)

    def thin(self, newline: bytes) -> bytes:
        """The same, much less of each: for what is slow."""
        head = self.lines(newline)
        cut = head.rfind(newline, 0, _THIN_HEAD) + 1
        spots = (_whole_lines(spot[:_THIN_SPOT], newline) for spot in self.spots)
        return (head[:cut] if cut else head) + b"".join(spots)

    def lines_estimate(self, newline: bytes) -> int | None:
        """How many lines the file may have, from the length of those that were seen."""
        seen = self.head + b"".join(self.spots)
        if self.text_bytes is None:
            return None
        return max(1, round(self.text_bytes * seen.count(newline) / len(seen)))


def take(path: Path, signature: Signature) -> Sample:
    """Look at the file.

    Raises:
        InputError: its compressed data is damaged from the start, or it holds nothing.
    """
    match signature:
        case Signature.GZIP:
            sample = _from_gzip(path)
        case Signature.ZSTD:
            sample = _from_lines(path)
        case _:
            sample = _from_text(path)
    if not sample.head.strip():
        raise InputError("The file holds no table.", advice="Hand in a file with at least a line of column names.")
    if not sample.whole and b"\n" not in sample.head and b"\r" not in sample.head:
        raise InputError("The first line does not end within 1 MB: this is no table.", advice="Look at the file.")
    return sample


def _from_text(path: Path) -> Sample:
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        spots = []
        for number in range(1, SPOTS + 1) if size > 2 * HEAD_BYTES else ():
            file.seek(HEAD_BYTES + (size - HEAD_BYTES - SPOT_BYTES) * number // SPOTS)
            spots.append(file.read(SPOT_BYTES))
    return Sample(head=head, spots=tuple(spots), whole=size <= HEAD_BYTES, text_bytes=size)


def _from_gzip(path: Path) -> Sample:
    unpack = zlib.decompressobj(wbits=31)
    with path.open("rb") as file:
        packed = file.read(HEAD_BYTES)
    try:
        head = unpack.decompress(packed, HEAD_BYTES)
    except zlib.error:
        raise InputError("The file's gzip data is damaged.", advice="Upload it again.") from None
    used = len(packed) - len(unpack.unconsumed_tail) - len(unpack.unused_data)
    return Sample(
        head=head,
        spots=(),
        whole=unpack.eof and not unpack.unused_data,
        text_bytes=round(path.stat().st_size * len(head) / max(1, used)),
    )


def _from_lines(path: Path) -> Sample:
    # Python before 3.14 has no zstd; Polars has, and gives lines. Text that is not UTF-8 fails here and is said so.
    lines = pl.scan_lines(path, glob=False).head(_HEAD_LINES).collect(engine="streaming").to_series()
    whole = lines.len() < _HEAD_LINES
    text = "".join(f"{line}\n" for line in lines).encode()
    return Sample(head=text[:HEAD_BYTES], spots=(), whole=whole and len(text) <= HEAD_BYTES, text_bytes=None)


def _whole_lines(spot: bytes, newline: bytes) -> bytes:
    first, last = spot.find(newline), spot.rfind(newline)
    return spot[first + 1 : last + 1] if first >= 0 else b""
