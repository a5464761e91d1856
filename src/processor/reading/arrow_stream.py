"""Arrow IPC streams, cut into short streams of some batches each, which Polars reads one after the other.

The format: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format, and Message.fbs there.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.reading.converted import Piece
from processor.reading.faults import as_input_error, diagnose, is_about_the_file
from processor.reading.flaws import Flaws
from processor.reading.packing import Packing, Unpacked

_CONTINUATION = b"\xff\xff\xff\xff"
_END = _CONTINUATION + b"\0\0\0\0"
_MOST_METADATA = 64 << 20
_FIRST = 1 << 20
_THEN = 8 << 20


class _Header(IntEnum):
    SCHEMA = 1
    DICTIONARY = 2
    BATCH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    header: int
    whole: bytes


class ArrowStreamSource:
    """The batches of an Arrow IPC stream.

    Args:
        most_bytes: how large one batch may be.
    """

    format = "arrow"
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
            InputError: the stream is damaged, is cut off, or has a batch that is too large.
        """
        with Unpacked(self._path, Packing.NONE) as file:
            head: list[bytes] = []
            batches: list[bytes] = []
            size, wanted = 0, _FIRST
            for message in self._messages(file):
                if message.header != _Header.BATCH:
                    if batches:
                        yield Piece(frame=_frame(head, batches), position=file.position)
                        size = 0
                    head.append(message.whole)
                    continue
                batches.append(message.whole)
                size += len(message.whole)
                del message
                if size >= wanted:
                    yield Piece(frame=_frame(head, batches), position=file.position)
                    size, wanted = 0, _THEN
            if batches or len(head) == 1:
                yield Piece(frame=_frame(head, batches), position=file.position)

    def _messages(self, file: Unpacked) -> Iterator[_Message]:
        while prefix := file.read(4):
            length = file.read(4) if prefix == _CONTINUATION else prefix
            if len(length) < 4:
                raise _cut_off()
            (size,) = struct.unpack("<i", length)
            if size == 0:
                return
            if not 0 < size <= _MOST_METADATA:
                raise _damaged()
            metadata = file.read(size)
            header, body_bytes = _parsed(metadata, size)
            if not 0 <= body_bytes <= self._most:
                raise InputError(
                    f"A batch of the Arrow stream has {body_bytes >> 20:,} MB, more than the memory allows.",
                    advice="Write smaller batches, or ask for more memory.",
                )
            body = file.read(body_bytes)
            if len(body) < body_bytes:
                raise _cut_off()
            message = _Message(header=header, whole=_CONTINUATION + length + metadata + body)
            del body
            yield message
            del message


def _parsed(metadata: bytes, size: int) -> tuple[int, int]:
    """The kind of a message, and the length of its body, out of its flatbuffer."""
    if len(metadata) < size:
        raise _cut_off()
    try:
        (table,) = struct.unpack_from("<I", metadata, 0)
        (back,) = struct.unpack_from("<i", metadata, table)
        header, body = (_field(metadata, table, table - back, number) for number in (1, 3))
        kind = metadata[header] if header else 0
        return kind, struct.unpack_from("<q", metadata, body)[0] if body else 0
    except (struct.error, IndexError):
        raise _damaged() from None


def _field(metadata: bytes, table: int, vtable: int, number: int) -> int:
    """Where a field is; 0 where it is left out."""
    (size,) = struct.unpack_from("<H", metadata, vtable)
    at = 4 + 2 * number
    offset = struct.unpack_from("<H", metadata, vtable + at)[0] if at < size else 0
    return table + offset if offset else 0


def _frame(head: list[bytes], batches: list[bytes]) -> pl.DataFrame:
    """The rows of some batches, which are let go: a batch may be large, and there should not be three of it."""
    whole = b"".join([*head, *batches, _END])
    batches.clear()
    try:
        return pl.read_ipc_stream(io.BytesIO(whole))
    except BaseException as error:
        if not is_about_the_file(error):
            raise
        raise as_input_error(diagnose(error)) from None


def _cut_off() -> InputError:
    return InputError("The Arrow stream ends in the middle of a message.", advice="Upload it again: it was cut off.")


def _damaged() -> InputError:
    return InputError("The Arrow stream is damaged.", advice="Upload it again, or save it as Parquet.")
