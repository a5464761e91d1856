"""Avro files, block by block: each is unpacked here, within bounds, and read by Polars as a small file of its own.

The format: https://avro.apache.org/docs/1.12.0/specification/#object-container-files.
"""

import bz2
import io
import lzma
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.reading.converted import Piece
from processor.reading.faults import Fault, diagnose, is_about_the_file
from processor.reading.flaws import Flaws
from processor.reading.packing import Packing, Unpacked

if sys.version_info >= (3, 14):  # the same code under its name in the standard library
    from compression.zstd import ZstdDecompressor, ZstdError
else:
    from backports.zstd import ZstdDecompressor, ZstdError

_MAGIC = b"Obj\x01"
_SYNC = 16
_MOST_HEADER = 16 << 20
_MOST_ROWS = 10_000_000
_FIRST = 1 << 20
_THEN = 8 << 20
_DAMAGE = (zlib.error, OSError, EOFError, lzma.LZMAError, ZstdError, ValueError)


class AvroSource:
    """The blocks of an Avro file.

    Args:
        most_bytes: how large one block may be, unpacked.
    """

    format = "avro"
    head_rows = 1_000_000

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path = path
        self._most = most_bytes

    def rows(self) -> int | None:
        """Nothing at the beginning says how many rows there are."""
        return None

    def pieces(self, _: Flaws) -> Iterator[Piece]:
        """The rows.

        Raises:
            InputError: the file is damaged, is cut off, or has types that cannot be read.
        """
        with Unpacked(self._path, Packing.NONE) as file:
            schema, codec, sync = _header(file)
            head = _header_bytes(schema, b"snappy" if codec == "snappy" else b"null", sync)
            blocks: list[bytes] = []
            size, wanted, first = 0, _FIRST, True
            while (count := _long(file, end=True)) is not None:
                data = self._block(file, codec, count, sync)
                blocks += [_varint(count), _varint(len(data)), data, sync]
                size += len(data)
                del data
                if size >= wanted:
                    yield Piece(frame=_frame(head, blocks), position=file.position)
                    size, wanted, first = 0, _THEN, False
            if blocks or first:
                yield Piece(frame=_frame(head, blocks), position=file.position)

    def _block(self, file: Unpacked, codec: str, count: int, sync: bytes) -> bytes:
        size = _long(file)
        if not 0 <= count <= _MOST_ROWS or size is None or not 0 <= size <= self._most:
            raise _damaged()
        packed = file.read(size)
        if len(packed) < size or file.read(_SYNC) != sync:
            raise _damaged()
        try:
            data = _unpacked(packed, codec, self._most)
        except _DAMAGE:
            raise _damaged() from None
        if len(data) > self._most:
            raise InputError(
                "A block of the Avro file unpacks to more than the memory allows.", advice="Write smaller."
            )
        return data


def _unpacked(packed: bytes, codec: str, most: int) -> bytes:
    """The block's data, at most one byte more than `most`; what Polars unpacks itself is only measured."""
    match codec:
        case "null":
            return packed
        case "snappy":
            length, shift = 0, 0
            for byte in packed[:5]:  # a block of snappy begins with its unpacked length
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            if length > most:
                raise ValueError(length)
            return packed
        case "deflate":
            return zlib.decompressobj(wbits=-15).decompress(packed, most + 1)
        case "bzip2":
            return bz2.BZ2Decompressor().decompress(packed, most + 1)
        case "xz":
            return lzma.LZMADecompressor().decompress(packed, most + 1)
        case "zstandard":
            return ZstdDecompressor().decompress(packed, most + 1)
        case _:
            raise InputError("The Avro file is compressed in an unknown way.", advice="Use deflate, or Parquet.")


def _header(file: Unpacked) -> tuple[bytes, str, bytes]:
    if file.read(len(_MAGIC)) != _MAGIC:
        raise _damaged()
    found: dict[bytes, bytes] = {}
    while count := _long(file):
        if count < 0:  # followed by the size of the block
            _long(file)
        for _ in range(min(abs(count), 1000)):
            key = _bytes(file)
            found[key] = _bytes(file)
    sync = file.read(_SYNC)
    if b"avro.schema" not in found or len(sync) < _SYNC:
        raise _damaged()
    return found[b"avro.schema"], found.get(b"avro.codec", b"null").decode("ascii", errors="replace"), sync


def _header_bytes(schema: bytes, codec: bytes, sync: bytes) -> bytes:
    pairs = b"".join(_varint(len(part)) + part for part in (b"avro.schema", schema, b"avro.codec", codec))
    return _MAGIC + _varint(2) + pairs + _varint(0) + sync


def _bytes(file: Unpacked) -> bytes:
    length = _long(file)
    if length is None or not 0 <= length <= _MOST_HEADER:
        raise _damaged()
    found = file.read(length)
    if len(found) < length:
        raise _damaged()
    return found


def _long(file: Unpacked, *, end: bool = False) -> int | None:
    """A number in zigzag form; with `end`, None where the file ends before it."""
    number = 0
    for position in range(10):
        byte = file.read(1)
        if not byte:
            if end and position == 0:
                return None
            raise _damaged()
        number |= (byte[0] & 0x7F) << (7 * position)
        if byte[0] < 0x80:
            return (number >> 1) ^ -(number & 1)
    raise _damaged()


def _varint(number: int) -> bytes:
    coded = (number << 1) ^ (number >> 63)
    out = bytearray()
    while coded >= 0x80:
        out.append(coded & 0x7F | 0x80)
        coded >>= 7
    out.append(coded)
    return bytes(out)


def _frame(head: bytes, blocks: list[bytes]) -> pl.DataFrame:
    """The rows of some blocks, which are let go: a block may be large, and there should not be three of it."""
    whole = b"".join([head, *blocks])
    blocks.clear()
    try:
        return pl.read_avro(io.BytesIO(whole))
    except BaseException as error:
        if not is_about_the_file(error):
            raise
        if diagnose(error).fault is not Fault.UNSUPPORTED:
            raise _damaged() from None
        raise InputError(
            "The Avro file has a column of a type that cannot be read: a union of several types, a map, or null alone.",
            advice="Save the table as Parquet, or without that column.",
        ) from None


def _damaged() -> InputError:
    return InputError("The Avro file is damaged or cut off.", advice="Upload it again.")
