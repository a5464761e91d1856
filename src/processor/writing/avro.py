"""An Avro file of many batches.

Polars writes a whole frame as one container: a header with the schema and sixteen random bytes, then blocks, each ended
by those bytes (Apache Avro 1.12 specification, "Object Container Files"). Batches of one schema are put together by
writing each by itself and taking its blocks over, with the first one's marker in place of their own.
"""

import io
from typing import IO, Final, Literal

import polars as pl

MAGIC: Final = b"Obj\x01"
MARKER_BYTES: Final = 16

Codec = Literal["uncompressed", "snappy", "deflate"]


class AvroWriter:
    """Writes batches of one schema into one container; `close` ends it."""

    def __init__(self, file: IO[bytes], *, codec: Codec) -> None:
        self._file = file
        self._codec: Codec = codec
        self._marker = b""

    def write(self, batch: pl.DataFrame) -> None:
        """Append a batch; the first one brings the header."""
        if not batch.height:
            return
        data = _container(batch, self._codec)
        start = _end_of_header(data)
        marker = data[start - MARKER_BYTES : start]
        if not self._marker:
            self._marker = marker
            self._file.write(data[:start])
        while start < len(data):
            end = _end_of_block(data, start)
            self._file.write(data[start:end])
            self._file.write(self._marker)
            start = end + MARKER_BYTES

    def close(self, schema: pl.Schema) -> None:
        """Write a table without rows if there were none: uncompressed, since readers stumble over a packed nothing."""
        if not self._marker:
            self._file.write(_container(pl.DataFrame(schema=schema), "uncompressed"))


def _container(batch: pl.DataFrame, codec: Codec) -> bytes:
    buffer = io.BytesIO()
    batch.rechunk().write_avro(buffer, compression=codec)
    return buffer.getvalue()


def _end_of_header(data: bytes) -> int:
    """Where the blocks begin: after the magic bytes, the map of metadata and the marker."""
    if not data.startswith(MAGIC):
        raise ValueError("no Avro container")
    at = len(MAGIC)
    count, at = _long(data, at)
    while count:
        if count < 0:  # a negative count is followed by the size of the entries
            count = -count
            _, at = _long(data, at)
        for _ in range(2 * count):
            size, at = _long(data, at)
            at += size
        count, at = _long(data, at)
    return at + MARKER_BYTES


def _end_of_block(data: bytes, at: int) -> int:
    """Where a block's marker begins: after the number of rows, the size, and so many bytes."""
    _, at = _long(data, at)
    size, at = _long(data, at)
    return at + size


def _long(data: bytes, at: int) -> tuple[int, int]:
    """A number in seven bits a byte, zigzag; and where it ends."""
    number, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:  # the highest bit says that another byte follows
            return (number >> 1) ^ -(number & 1), at
        shift += 7
