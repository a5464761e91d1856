"""The shared texts of a spreadsheet: read as far as a cell needs them, kept in scratch where memory has no room."""

import os
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Self

_BLOCK_TEXTS, _BLOCK_BYTES = 1024, 128 << 10
_TEXT_BYTES = 64  # what Python needs for a text besides its letters
_AT_HAND = 64
_END_BYTES = array("I").itemsize


class SharedTexts:
    """A list of texts that grows from `source` as it is asked for.

    Texts go into blocks. The first blocks, up to `most_bytes`, stay in memory; the others are in a file, of which those
    that were used last are at hand too. Cells mostly name texts in the order in which they first come, so that a block
    is read once. In a sheet that was sorted they name them in any order: so of a block that was not used lately only
    the one text is read, and all of it when another is wanted.

    Args:
        source: gives the texts in their order, some at a time.
        folder: where the file is made.
        most_bytes: memory for texts that stay there.
    """

    def __init__(self, source: Iterator[list[str]], *, folder: Path, most_bytes: int) -> None:
        self._source = source
        self._folder = folder
        self._room = most_bytes
        self._starts: list[int] = []
        self._blocks: list[list[str] | tuple[int, int]] = []
        self._at_hand: OrderedDict[int, list[str] | None] = OrderedDict()  # None: one of its texts was wanted
        self._near: list[str] = []  # the block of the text before
        self._near_start = 0
        self._last: list[str] = []
        self._last_bytes = 0
        self._count = 0
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def __getitem__(self, number: int) -> str:
        """The text of that number.

        Raises:
            IndexError: there is none.
        """
        if 0 <= number - self._near_start < len(self._near):
            return self._near[number - self._near_start]
        if number < 0:
            raise IndexError(number)
        while number >= self._count + len(self._last):
            self._take(next(self._source, None), number)
        if number >= self._count:
            return self._last[number - self._count]
        place = bisect_right(self._starts, number) - 1
        block = self._block(place)
        if block is None:
            return self._one(place, number - self._starts[place])
        self._near, self._near_start = block, self._starts[place]
        return block[number - self._near_start]

    def _take(self, texts: list[str] | None, wanted: int) -> None:
        if texts is None:
            raise IndexError(wanted)
        for text in texts:
            self._last.append(text)
            self._last_bytes += len(text) * 2 + _TEXT_BYTES
            if len(self._last) == _BLOCK_TEXTS or self._last_bytes > _BLOCK_BYTES:
                self._end_block()

    def _end_block(self) -> None:
        self._starts.append(self._count)
        self._blocks.append(self._last if self._last_bytes <= self._room else self._put_away(self._last))
        self._room = max(0, self._room - self._last_bytes)
        self._count += len(self._last)
        self._last, self._last_bytes = [], 0

    def _put_away(self, block: list[str]) -> tuple[int, int]:
        if self._file is None:
            # With a name: what is written to a file without one is in no count of the disk that a task fills.
            self._file = NamedTemporaryFile(dir=self._folder)  # noqa: SIM115  # closed by __exit__
        texts = [text.encode() for text in block]
        start = self._file.seek(0, os.SEEK_END)
        self._file.write(array("I", accumulate(map(len, texts), initial=0)).tobytes())
        self._file.writelines(texts)
        self._file.flush()
        return start, len(texts)

    def _block(self, place: int) -> list[str] | None:
        """All texts of a block, if it is in memory, at hand, or wanted again; else None, and it is remembered."""
        kept = self._blocks[place]
        if isinstance(kept, list):
            return kept
        block = self._at_hand.get(place)
        if block is None:
            block = self._at_hand[place] = self._whole(*kept) if place in self._at_hand else None
            if len(self._at_hand) > _AT_HAND:
                self._at_hand.popitem(last=False)
        self._at_hand.move_to_end(place)
        return block

    def _whole(self, start: int, count: int) -> list[str]:
        ends = self._ends(start, count + 1)
        texts = self._read(ends[-1], start + (count + 1) * _END_BYTES)
        return [texts[begin:end].decode() for begin, end in pairwise(ends)]

    def _one(self, place: int, number: int) -> str:
        kept = self._blocks[place]
        assert isinstance(kept, tuple)
        start, count = kept
        begin, end = self._ends(start + number * _END_BYTES, 2)
        return self._read(end - begin, start + (count + 1) * _END_BYTES + begin).decode()

    def _ends(self, start: int, count: int) -> "array[int]":
        return array("I", self._read(count * _END_BYTES, start))

    def _read(self, count: int, start: int) -> bytes:
        assert self._file is not None
        return os.pread(self._file.fileno(), count, start)
