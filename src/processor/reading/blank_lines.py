"""Lines without a character, which are no rows; Polars reads each as a row of nulls, like a line of delimiters alone.

Of a table of several columns they are left out before it is read. In a table of one column nobody can tell them from a
missing value: they stay, and are told of.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from processor.reading.packing import Unpacked
from processor.reading.plan import Plan

_CHUNK = 1 << 20
_RUNS = {b"\n": re.compile(rb"\n(?:\r?\n)+"), b"\r": re.compile(rb"\r\r+")}


def count_blank_lines(plan: Plan) -> int:
    """How many lines outside of quotes have no character."""
    kept = Kept(plan)
    with Unpacked(plan.path, plan.packing) as file:
        for chunk in chunks(file, plan):
            kept.feed(chunk)
    return kept.blank


def copy_without(target: Path, plan: Plan, *, told: Callable[[int], None]) -> None:
    """Copy the plan's file without them."""
    kept = Kept(plan)
    with Unpacked(plan.path, plan.packing) as file, target.open("wb") as out:
        for chunk in chunks(file, plan):
            out.write(kept.feed(chunk))
            told(file.position)


def without_blank_lines(text: bytes, plan: Plan) -> bytes:
    """A piece of text that begins with a row, without them."""
    return Kept(plan).feed(text)


class Kept:
    """Takes text in pieces, and gives what is kept of it; what stands within quotes is part of a value.

    A quote in a comment opens nothing. The pieces do not end within what begins a comment.

    Attributes:
        blank: how many were not.
    """

    def __init__(self, plan: Plan) -> None:
        self._newline = plan.newline.encode()
        self._runs = _RUNS[self._newline]
        self._quote = plan.dialect.quote.encode() if plan.dialect.quote else None
        self._comment = (plan.comment or "").encode()
        self._preamble = plan.preamble
        self._is_open = self._is_comment = False
        self._begins_line = True
        self.blank = 0

    def feed(self, piece: bytes) -> bytes:
        """The next piece without blank lines."""
        begin = self._after_preamble(piece)
        # As if a line ended before: then every blank line follows upon the end of another.
        before = self._newline if self._begins_line else b""
        text = before + piece[begin:]
        pieces, last = [piece[:begin]], len(before)
        for run in self._runs.finditer(text):
            start = run.start() + len(self._newline)
            pieces.append(text[last:start])
            self._pass(text[last:start])
            if self._is_open:
                pieces.append(text[start : run.end()])
            else:
                self.blank += text.count(self._newline, start, run.end())
            last, self._begins_line = run.end(), True
        self._pass(text[last:])
        pieces.append(text[last:])
        self._begins_line = piece.endswith(self._newline)
        return b"".join(pieces) if len(pieces) > 2 else piece

    def _pass(self, text: bytes) -> None:
        if self._quote is None:
            return
        if not self._comment:
            self._is_open ^= text.count(self._quote) % 2 == 1
            return
        for number, line in enumerate(text.split(self._newline)):
            if number or self._begins_line:
                self._is_comment = not self._is_open and line.startswith(self._comment)
            if not self._is_comment:
                self._is_open ^= line.count(self._quote) % 2 == 1

    def _after_preamble(self, piece: bytes) -> int:
        begin = 0
        while self._preamble:
            end = piece.find(self._newline, begin)
            if end < 0:
                return len(piece)
            begin, self._begins_line = end + len(self._newline), True
            self._preamble -= 1
        return begin


def chunks(file: Unpacked, plan: Plan) -> Iterator[bytes]:
    """The file in pieces, since a line may be longer than there is memory.

    They are cut anywhere but within a line end, and within what begins a comment.
    """
    newline, mark, rest = plan.newline.encode(), len(plan.comment or ""), b""
    while chunk := file.read(_CHUNK):
        piece = rest + chunk
        begun = len(piece) - piece.rfind(newline) - 1  # so much of a line
        end = len(piece) - (begun if begun < mark else newline == b"\n" and piece.endswith(b"\r"))
        piece, rest = piece[:end], piece[end:]
        if piece:
            yield piece
    if rest:
        yield rest
