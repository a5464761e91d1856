"""JSON that comes in pieces, cut into the values that it holds, wherever the pieces end."""

import re
from collections.abc import Iterator, Sequence

from common.errors import InputError
from processor.reading.columns import too_deep
from processor.reading.json_rest import Rest
from processor.reading.json_shape import BETWEEN, DECODER, Shape

MOST_LINE = 64 << 20
_ENDS = frozenset('}]"')  # of values that cannot go on; `12`, `1.` and `1e` may, in the next piece
_AFTER = re.compile(r"[\s,\]]")


class AnotherObjectError(Exception):
    """An object follows the one that holds the list of rows: each of them is a row.

    Attributes:
        by_lines: the first one stands in one line.
    """

    def __init__(self, *, by_lines: bool) -> None:
        super().__init__("another object follows")
        self.by_lines = by_lines


class Splitter:
    """Cuts text that comes in pieces into the JSON values that it holds.

    Args:
        shape: where the rows are.
    """

    def __init__(self, shape: Shape) -> None:
        self._skip = shape.skip
        self._in_list = shape.in_list
        self._rest = Rest() if shape.key is not None else None
        self._before = shape.before
        self._begun = False
        self._first_line = self._rest is not None
        self._by_lines = False
        self._text = ""
        self._pieces: list[str] = []  # what follows the text; joined with it when there is enough
        self._length = 0  # of both
        self._ended = False
        self._wanted = 0
        self._seen = 0

    @property
    def beside(self) -> Sequence[str]:
        """The names of what the object holds beside the list, as far as it was read."""
        return (*self._before, *(self._rest.names if self._rest else ()))

    def feed(self, piece: str) -> Iterator[str]:
        """The values that end in this piece.

        Raises:
            AnotherObjectError: the list stands in the first object of many.
        """
        if self._first_line and "\n" in piece:
            end = piece.index("\n") + 1
            line, piece = piece[:end], piece[end:]
            yield from self._fed(line)
            self._first_line, self._by_lines = False, self._rest is not None and self._rest.ended
        yield from self._fed(piece)

    def end(self) -> Iterator[str]:
        """The objects of what is left."""
        yield from self._objects(last=True)
        if self._in_list and not self._ended:
            raise InputError("The JSON ends in the middle of its list.", advice="Upload it again: it was cut off.")

    def _fed(self, piece: str) -> Iterator[str]:
        piece = self._from_the_rows(piece)
        if self._ended:
            self._check_rest(piece)
            return
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length >= self._wanted:
            yield from self._objects(last=False)

    def _from_the_rows(self, piece: str) -> str:
        if not self._begun:
            piece = piece.lstrip("\ufeff \t\r\n")
            self._begun = bool(piece)
        rows = piece[self._skip :]
        self._skip -= len(piece) - len(rows)
        return rows

    def _objects(self, *, last: bool) -> Iterator[str]:
        at, text = 0, "".join([self._text, *self._pieces])
        while not self._ended:
            between = BETWEEN.match(text, at)
            at = between.end() if between else at
            if at == len(text):
                break
            if self._in_list and text[at] == "]":
                self._ended = True
                self._check_rest(text[at + 1 :])
                at = len(text)
                break
            end = self._end_of(text, at, last=last)
            if end is None:
                break
            self._seen += 1
            yield text[at:end].replace("\n", " ").replace("\r", " ")
            at = end
        self._text, self._pieces, self._length = text[at:], [], len(text) - at
        # An object that is not complete yet is tried again when there is twice as much of it: linear in its length.
        self._wanted = 0 if at else min(2 * self._length, MOST_LINE + 1)
        check_length(self._length)

    def _end_of(self, text: str, at: int, *, last: bool) -> int | None:
        try:
            end = DECODER.raw_decode(text, at)[1]
            return end if last or text[end - 1] in _ENDS or _AFTER.search(text, end) else None
        except RecursionError:
            raise too_deep("JSON") from None
        except ValueError as error:
            # An error near the end may come of a text that is cut off there; elsewhere it is one.
            cut = getattr(error, "pos", 0) >= len(text) - 16 or "Unterminated" in str(error)
            if cut and not last:
                return None
            raise InputError(
                f"The JSON is damaged in object {self._seen + 1:,}.", advice="Check that it is valid JSON."
            ) from None

    def _check_rest(self, rest: str) -> None:
        if self._rest is None:
            beyond = rest.strip("\x00 \t\r\n")
        else:
            self._rest.feed(rest)
            beyond = self._rest.beyond
        if beyond.startswith("{") and self._rest is not None:
            raise AnotherObjectError(by_lines=self._by_lines)
        if beyond:
            raise InputError("Something follows the end of the JSON list.", advice="Hand in one list of objects.")


def check_length(length: int) -> None:
    """See that an object is no longer than memory allows.

    Raises:
        InputError: it is.
    """
    if length > MOST_LINE:
        raise InputError(
            f"An object of the JSON is longer than {MOST_LINE >> 20} MB.",
            advice="Hand in one object for each row, as a list or one a line.",
        )
