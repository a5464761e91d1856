"""The footer of a Parquet file, as far as it says how large its row groups are: in Thrift's compact protocol.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData, RowGroup) and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from common.errors import InputError

_MOST_FOOTER = 256 << 20
_MOST_PARSED = 512 << 10
_ROW_GROUPS, _ROWS = 4, 3
_LEAST_BYTES = 8


def check_row_groups(path: Path, *, most_bytes: int) -> None:
    """See that no column of a row group is larger, when unpacked, than all memory: Polars reads one at a time.

    A few bytes can stand for a billion repeated values. A footer of more than 512 KB is not looked into: it would
    take longer than the first look at the table may.

    Raises:
        InputError: one is larger, or the footer is damaged.
    """
    footer = _footer(path)
    if len(footer) > _MOST_PARSED:
        return
    try:
        groups = _Compact(footer).struct().get(_ROW_GROUPS, [])
        rows = max((group[_ROWS] for group in groups), default=0)
    except (IndexError, KeyError, TypeError, RecursionError, struct.error):
        raise _damaged() from None
    if rows * _LEAST_BYTES > most_bytes:
        raise InputError(
            f"A row group of the Parquet file has {rows:,} rows: more than the memory allows.",
            advice="Write it with row groups of a million rows or less, or ask for more memory.",
        )


def _footer(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(size - 8)
        (length,) = struct.unpack("<I", file.read(4))
        if length > min(size - 12, _MOST_FOOTER):
            raise _damaged()
        file.seek(size - 8 - length)
        return file.read(length)


class _Compact:
    """Values of Thrift's compact protocol, one after the other."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._readers: dict[int, Callable[[], Any]] = {
            3: self._byte,
            4: self._number,
            5: self._number,
            6: self._number,
            7: lambda: self._skip(8),
            8: lambda: self._skip(self._varint()),
            9: self._list,
            10: self._list,
            11: self._map,
            12: self.struct,
        }

    def struct(self) -> dict[int, Any]:
        """A struct as field number → value."""
        fields: dict[int, Any] = {}
        number = 0
        while kind := self._byte():
            delta = kind >> 4
            number = number + delta if delta else self._number()
            fields[number] = self._value(kind & 15)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in {1, 2}:
            return kind == 1
        return self._readers[kind]()

    def _list(self) -> list[Any]:
        header = self._byte()
        count = header >> 4
        if count == 15:
            count = self._varint()
        if count > len(self._data):
            raise IndexError(count)
        return [self._byte() if header & 15 in {1, 2} else self._value(header & 15) for _ in range(count)]

    def _map(self) -> None:
        count = self._varint()
        if count > len(self._data):
            raise IndexError(count)
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._value(kinds >> 4)
            self._value(kinds & 15)

    def _skip(self, count: int) -> None:
        self._at += count
        if self._at > len(self._data):
            raise IndexError(self._at)

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        number = shift = 0
        while True:
            byte = self._byte()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7
            if shift > 70:
                raise IndexError(shift)

    def _number(self) -> int:
        coded = self._varint()
        return (coded >> 1) ^ -(coded & 1)


def _damaged() -> InputError:
    return InputError("The Parquet file's footer is damaged.", advice="Upload it again.")
