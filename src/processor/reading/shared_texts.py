"""The shared texts of a spreadsheet: read as far as a cell needs them, kept in scratch where memory has no room."""

import marshal
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Self

_BLOCK_TEXTS, _BLOCK_BYTES = 1024, 128 << 10
_TEXT_BYTES = 64  # what Python needs for a text besides its letters
_AT_HAND = 64


class SharedTexts:
    """A list of texts that grows from `source` as it is asked for.

    Texts go into blocks. The first blocks, up to `most_bytes`, stay in memory; the others are in a file, of which those
    that were used last are at hand too. Cells mostly name texts in the order in which they first come, so that a block
    is read once.

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
        self._at_hand: OrderedDict[int, list[str]] = OrderedDict()
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
        self._near, self._near_start = self._block(place), self._starts[place]
        return self._near[number - self._near_start]

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
        data = marshal.dumps(block)
        start = self._file.seek(0, 2)
        self._file.write(data)
        return start, len(data)

    def _block(self, place: int) -> list[str]:
        kept = self._blocks[place]
        if isinstance(kept, list):
            return kept
        block = self._at_hand.get(place)
        if block is None:
            assert self._file is not None
            self._file.seek(kept[0])
            block = self._at_hand[place] = marshal.loads(self._file.read(kept[1]))  # noqa: S302  # our own writing
            if len(self._at_hand) > _AT_HAND:
                self._at_hand.popitem(last=False)
        else:
            self._at_hand.move_to_end(place)
        return block
