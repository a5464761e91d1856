"""The footer of a Parquet file, as far as it says how many rows there are: in Thrift's compact protocol.

Source: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (FileMetaData, RowGroup) and
https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
"""

import re
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from common.errors import InputError

_MOST_FOOTER = 256 << 20
_MOST_PARSED = 512 << 10
_ROW_GROUPS, _ROWS = 4, 3  # of the file, and the rows of the file and of a group
_LEAST_BYTES = 8
_TRUE, _FALSE, _BYTE, _SHORT, _INT, _LONG, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_LONGEST_PLAIN: Final = 64
_NUMBERS: Final = frozenset({_SHORT, _INT, _LONG})


def check_row_groups(path: Path, *, most_bytes: int) -> None:
    """See that no column of a row group is larger, when unpacked, than all memory: Polars reads one at a time.

    A few bytes can stand for a billion repeated values. And see that the groups have as many rows as the file says:
    Polars believes the file, and where it says 0 reads none. A footer of more than 512 KB is not looked into: it would
    take longer than the first look at the table may.

    Raises:
        InputError: one is larger, or the footer is damaged or contradicts itself.
    """
    footer = _footer(path)
    if len(footer) > _MOST_PARSED:
        return
    try:
        told, groups = rows_told(Compact(footer))
    except (IndexError, KeyError, RecursionError, struct.error):
        raise _damaged() from None
    if told != {sum(groups)}:
        raise InputError(
            "The Parquet file's footer says of the file another number of rows than of its row groups.",
            advice="Write it again.",
        )
    rows = max(groups, default=0)
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


def rows_told(data: "Compact") -> tuple[set[int], list[int]]:
    """How many rows the file says that it has, which it should do once, and how many each of its row groups.

    Raises:
        KeyError: something is of another type than it has to be, or a group does not say.
        IndexError: the data ends too early.
    """
    told: set[int] = set()
    groups: list[int] = []
    for number, kind in data.fields():
        if number == _ROW_GROUPS:
            groups += _rows_of_groups(data, kind)
        elif number == _ROWS and kind in _NUMBERS:
            told.add(data.number())
        else:
            data.skip(kind)
    return told, groups


def _rows_of_groups(data: "Compact", kind: int) -> Iterator[int]:
    if kind != _LIST:
        raise KeyError(kind)
    inner, count = data.list_header()
    for _ in range(count):
        if inner != _STRUCT:
            raise KeyError(inner)
        yield _rows_of_group(data)


def _rows_of_group(data: "Compact") -> int:
    rows = None
    for number, kind in data.fields():
        if number == _ROWS and kind in _NUMBERS:
            rows = max(rows or 0, data.number())
        else:
            data.skip(kind)
    if rows is None:
        raise KeyError(_ROWS)
    return rows


def _plain_fields() -> re.Pattern[bytes]:
    """As many fields as there are with plain values: numbers, truth values, short texts, short lists of them.

    What Python would skip value by value, it skips at once. No value begins like another and none is tried twice
    (`*+`, `(?>`), so it takes time in proportion to the data, and ends at the first field that is something else.
    """
    number = rb"[\x80-\xff]{0,9}+[\x00-\x7f]"
    text = rb"(?>%s)" % b"|".join(
        re.escape(bytes([length])) + rb"[\x00-\xff]{%d}" % length for length in range(_LONGEST_PLAIN)
    )
    lists = [re.escape(bytes([count << 4 | _INT])) + rb"(?>%s){%d}" % (number, count) for count in range(15)]
    lists += [re.escape(bytes([count << 4 | _BINARY])) + rb"(?>%s){%d}" % (text, count) for count in range(3)]
    fields = [
        _heads(_SHORT, _INT, _LONG) + number,
        _heads(_BINARY) + text,
        _heads(_LIST) + rb"(?>%s)" % b"|".join(lists),
        _heads(_TRUE, _FALSE),
    ]
    return re.compile(rb"(?>%s)*+" % b"|".join(fields))


def _heads(*kinds: int) -> bytes:
    """The bytes that begin a field of these types, with the distance of its number from the one before."""
    return rb"[%s]" % b"".join(re.escape(bytes([delta << 4 | kind])) for kind in kinds for delta in range(1, 16))


_PLAIN: Final = _plain_fields()


class Compact:
    """Values of Thrift's compact protocol, one after the other.

    Args:
        data: the values.
        plain: what is skipped at once.
    """

    def __init__(self, data: bytes, *, plain: re.Pattern[bytes] = _PLAIN) -> None:
        self._data = data
        self._plain = plain
        self._at = 0
        self._skips: dict[int, Callable[[], object]] = {
            _TRUE: lambda: None,
            _FALSE: lambda: None,
            _BYTE: self._byte,
            _SHORT: self._varint,
            _INT: self._varint,
            _LONG: self._varint,
            _DOUBLE: lambda: self._pass(8),
            _BINARY: lambda: self._pass(self._varint()),
            _LIST: self._skip_list,
            _SET: self._skip_list,
            _MAP: self._skip_map,
            _STRUCT: self._skip_struct,
        }

    def fields(self) -> Iterator[tuple[int, int]]:
        """Number and type of each field of a struct; its value is to be read, or skipped, before the next."""
        number = 0
        while kind := self._byte():
            delta = kind >> 4
            number = number + delta if delta else self.number()
            yield number, kind & 15

    def list_header(self) -> tuple[int, int]:
        """Type and number of the values that follow."""
        header = self._byte()
        count = header >> 4
        if count == 15:
            count = self._counted()
        return header & 15, count

    def number(self) -> int:
        """A whole number."""
        coded = self._varint()
        return (coded >> 1) ^ -(coded & 1)

    def skip(self, kind: int) -> None:
        """Pass over a value of this type."""
        self._skips[kind]()

    def _skip_struct(self) -> None:
        while True:
            plain = self._plain.match(self._data, self._at)
            self._at = plain.end() if plain else self._at
            head = self._byte()
            if not head:
                return
            if not head >> 4:
                self._varint()
            self.skip(head & 15)

    def _skip_list(self) -> None:
        kind, count = self.list_header()
        for _ in range(count):
            self._skip_item(kind)

    def _skip_map(self) -> None:
        count = self._counted()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._skip_item(kinds >> 4)
            self._skip_item(kinds & 15)

    def _skip_item(self, kind: int) -> None:
        """Within a list a truth value takes a byte; within a struct its type says it."""
        self.skip(_BYTE if kind in {_TRUE, _FALSE} else kind)

    def _counted(self) -> int:
        count = self._varint()
        if count > len(self._data):
            raise IndexError(count)
        return count

    def _pass(self, count: int) -> None:
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


def _damaged() -> InputError:
    return InputError("The Parquet file's footer is damaged.", advice="Upload it again.")
