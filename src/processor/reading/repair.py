"""A copy of delimited text without the rows whose quotes do not close or are not doubled: they are counted, by line."""

import csv
import io
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from common.errors import InputError
from processor.reading.flaws import Flaws
from processor.reading.packing import Unpacked
from processor.reading.plan import Plan
from processor.reading.requoting import Requoting

_CHUNK = 4 << 20
_LONGEST_ROW_LINES = 1000
_LONGEST_ROW = 1 << 20
_LONGEST_MENDED_LINES = 20
_FREE, _MOST_SHARE = 20, 0.05


def copy_without_bad_rows(
    file: Unpacked, target: Path, *, plan: Plan, flaws: Flaws, told: Callable[[int], None]
) -> int:
    """Write what is well-formed to `target`; `told` is told how far it came, in bytes of the file.

    A row may go on over lines while its quotes are open, for a thousand lines or a megabyte. What does not end in a
    well-formed row of as many fields as there are columns begins with a bad line: that one is left out, and the next
    line begins a row again. Where its quotes are only those of fields that are not quoted, it is kept.

    Returns:
        How many fields of lines that were kept have such quotes.

    Raises:
        InputError: so many rows are bad that quotes must mean something else.
    """
    rows = _Rows(plan, flaws)
    with target.open("wb") as out:
        for line in _lines(file, plan.newline.encode()):
            out.writelines(rows.feed(line))
            if not rows.number % 10_000:
                told(file.position)
        out.writelines(rows.end())
    if flaws.unread > max(_FREE, rows.number * _MOST_SHARE):
        raise InputError(
            f"Of {rows.number:,} lines {flaws.unread:,} have quotes that are not closed or not doubled.",
            advice="Set read_options.quote, to an empty string to read quotes as plain characters.",
        )
    return rows.requoting.count


class _Rows:
    """Puts lines together to rows, and leaves out those that begin none."""

    def __init__(self, plan: Plan, flaws: Flaws) -> None:
        self._quote = (plan.dialect.quote or '"').encode()
        self._plan = plan
        self._flaws = flaws
        self._open: list[bytes] = []
        self._bytes = 0
        self._odd = False
        self.number = 0
        self.requoting = Requoting(plan.dialect, len(plan.names))

    def feed(self, line: bytes) -> list[bytes]:
        """The rows that are complete with this line."""
        self.number += 1
        if self.number <= self._plan.preamble:
            return [line]
        if not self._open and self._quote not in line:
            return [line]
        self._take(line)
        if self._odd:
            too_long = len(self._open) > _LONGEST_ROW_LINES or self._bytes > _LONGEST_ROW
            return self._without_first() if too_long else []
        return self._closed()

    def end(self) -> list[bytes]:
        """What is left at the end of the file."""
        rows: list[bytes] = []
        while self._open:
            rows += self._without_first()
        return rows

    def _take(self, line: bytes) -> None:
        self._open.append(line)
        self._bytes += len(line)
        self._odd ^= line.count(self._quote) % 2 == 1

    def _closed(self) -> list[bytes]:
        if self._well_formed(b"".join(self._open)):
            row, self._open, self._bytes = self._open, [], 0
            return row
        return self._without_first()

    def _without_first(self) -> list[bytes]:
        """Leave out the first line, or keep it as a row, and begin anew with the second."""
        rows: list[bytes] = []
        waiting = deque(self._open)
        self.number -= len(waiting)
        rows += self._kept_or_missed(waiting)
        while waiting:
            self.number += 1
            line = waiting.popleft()
            if not self._open and self._quote not in line:
                rows.append(line)
                continue
            self._take(line)
            if not self._odd:
                if self._well_formed(b"".join(self._open)):
                    rows += self._open
                    self._open, self._bytes = [], 0
                else:
                    waiting.extendleft(reversed(self._open))
                    self.number -= len(self._open)
                    rows += self._kept_or_missed(waiting)
        return rows

    def _kept_or_missed(self, waiting: deque[bytes]) -> list[bytes]:
        """The row that begins with the first line, if its quotes are those of fields that are not quoted."""
        self._open, self._bytes, self._odd = [], 0, False
        for count in range(1, min(len(waiting), _LONGEST_MENDED_LINES) + 1):
            kept = self.requoting.requoted(b"".join(islice(waiting, count)))
            if kept is not None:
                self.number += count
                for _ in range(count):
                    waiting.popleft()
                return [kept]
        waiting.popleft()
        self.number += 1
        self._flaws.miss(self.number)
        return []

    def _well_formed(self, row: bytes) -> bool:
        dialect = self._plan.dialect
        text = row.decode("utf-8", errors="replace").rstrip("\r\n")
        try:
            found = list(
                csv.reader(
                    io.StringIO(text, newline=""),
                    delimiter=dialect.delimiter,
                    quotechar=dialect.quote or '"',
                    strict=True,
                )
            )
        except csv.Error:
            return False
        return len(found) == 1 and (len(self._open) == 1 or len(found[0]) == len(self._plan.names))


def _lines(file: Unpacked, newline: bytes) -> Iterator[bytes]:
    rest = b""
    while chunk := file.read(_CHUNK):
        lines = (rest + chunk).split(newline)
        rest = lines.pop()
        yield from (line + newline for line in lines)
    if rest:
        yield rest + newline
