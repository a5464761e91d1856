"""How a file is packed, and its bytes unpacked as a stream: bounded in memory, and in how much may come out."""

import bz2
import gzip
import io
import sys
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from common.errors import InputError
from processor.reading import archive

if sys.version_info >= (3, 14):  # the same code under its name in the standard library
    from compression.zstd import ZstdError, ZstdFile
else:
    from backports.zstd import ZstdError, ZstdFile

# Tables compress to a tenth, seldom to a hundredth. What grows more than this is made to fill the disk.
MOST_GROWTH = 2_000
_FREE_BYTES = 256 << 20
_DAMAGE = (*archive.DAMAGE, ZstdError)


def allowed_bytes(size: int) -> int:
    """How much a packed file of this size may unpack to."""
    return max(_FREE_BYTES, MOST_GROWTH * size)


class Packing(StrEnum):
    """What is around the bytes of a table."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    BZIP2 = "bzip2"
    ZIP = "zip"


class Unpacked:
    """The unpacked bytes of a file, from the first to the last.

    Raises:
        InputError: of each method; the packed data is damaged, or unpacks to far too much.
    """

    def __init__(self, path: Path, packing: Packing, *, member: str | None = None) -> None:
        self.size = path.stat().st_size
        self._packing = packing
        self._raw = path.open("rb")
        self._out = 0
        try:
            self._stream = _stream(self._raw, packing, member)
        except InputError:
            self._raw.close()
            raise
        except _DAMAGE:
            self._raw.close()
            raise self._damaged() from None

    @property
    def position(self) -> int:
        """How many bytes of the file were used for what was read so far."""
        return min(self._raw.tell(), self.size)

    def read(self, count: int) -> bytes:
        """The next bytes: as many as asked for unless it is the end."""
        pieces = []
        try:
            while count and (piece := self._stream.read(count)):
                pieces.append(piece)
                count -= len(piece)
        except _DAMAGE:
            raise self._damaged() from None
        found = b"".join(pieces)
        self._out += len(found)
        if self._packing is not Packing.NONE and self._out > allowed_bytes(self.size):
            raise InputError(
                f"The file unpacks to more than {MOST_GROWTH:,} times its size: this is no table.",
                advice="Look at the file; hand in the table as it is, or as Parquet.",
            )
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._raw.close()

    def _damaged(self) -> InputError:
        if self._packing is Packing.NONE:
            return InputError("The file cannot be read.", advice="Upload it again.")
        return InputError(f"The file's {self._packing} data is damaged or cut off.", advice="Upload it again.")


def _stream(raw: io.BufferedReader, packing: Packing, member: str | None) -> IO[bytes] | Any:
    match packing:
        case Packing.NONE:
            return raw
        case Packing.GZIP:
            return gzip.GzipFile(fileobj=raw, mode="rb")
        case Packing.BZIP2:
            return bz2.BZ2File(raw)
        case Packing.ZSTD:
            return ZstdFile(raw)
        case Packing.ZIP:
            return archive.opened(raw, member)
