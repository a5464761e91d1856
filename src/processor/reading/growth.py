"""How much a packed file may grow, told before it is scanned by Polars, which unpacks gzip and zstd without a bound.

By its nature gzip grows to 1,032 times its size at most (deflate: 258 bytes for two bits), which is allowed. zstd may
grow to tens of thousands: the heads of its blocks say how much each can hold, without unpacking any (RFC 8878, 3.1.1).
"""

import io
from pathlib import Path
from typing import BinaryIO

from processor.reading.packing import Packing, Unpacked, allowed_bytes

_FRAME = b"\x28\xb5\x2f\xfd"
_LARGEST_BLOCK = 128 << 10
_CHUNK = 1 << 20
_RAW, _REPEATED = 0, 1


def check_growth(path: Path, packing: Packing) -> None:
    """See that the file does not unpack to far too much; costs milliseconds unless it looks as if it did.

    Raises:
        InputError: it does.
    """
    if packing is not Packing.ZSTD:
        return
    with path.open("rb") as file:
        may_be_too_much = _most_bytes(file) > allowed_bytes(path.stat().st_size)
    if may_be_too_much:
        with Unpacked(path, packing) as file_unpacked:
            while file_unpacked.read(_CHUNK):
                pass


def _most_bytes(file: BinaryIO) -> int:
    """What the frames can hold at most; of what is damaged only that before the damage, which the scan will find."""
    total = 0
    while len(magic := file.read(4)) == 4:
        if magic == _FRAME:
            total += _most_bytes_of_frame(file)
        elif magic[1:] == b"\x2a\x4d\x18" and magic[0] & 0xF0 == 0x50:  # a frame to skip
            file.seek(int.from_bytes(file.read(4), "little"), io.SEEK_CUR)
        else:
            break
    return total


def _most_bytes_of_frame(file: BinaryIO) -> int:
    descriptor = int.from_bytes(file.read(1), "little")
    single = bool(descriptor & 0x20)
    size_bytes = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    file.seek((0 if single else 1) + (0, 1, 2, 4)[descriptor & 3] + size_bytes, io.SEEK_CUR)
    total = 0
    while len(head := file.read(3)) == 3:
        block = int.from_bytes(head, "little")
        last, kind, size = block & 1, block >> 1 & 3, block >> 3
        total += size if kind in {_RAW, _REPEATED} else _LARGEST_BLOCK
        file.seek(1 if kind == _REPEATED else size, io.SEEK_CUR)
        if last:
            file.seek(4 if descriptor & 4 else 0, io.SEEK_CUR)
            break
    return total
