"""JSON cut into lines of one object each, without reading more of it than a few megabytes at a time."""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from common.errors import InputError
from processor.reading.columns import too_deep
from processor.reading.encoding import CHUNK, decoded
from processor.reading.json_shape import BETWEEN, DECODER, AsObjects, Shape, is_list
from processor.reading.packing import Unpacked

MOST_LINE = 64 << 20
_FIRST = 1 << 20
_THEN = 8 << 20
_TAIL = 64
_NEXT_OBJECT = re.compile(r"\}\s*\n\s*\{")  # between no two things within an object, nor within a text


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Some objects, one a line, each ended by a line feed.

    Attributes:
        text: the lines.
        first: the number of the first object's line in the file, or of the object where it is a list, from 1.
        position: bytes of the file until their end.
    """

    text: bytes
    first: int
    position: int


def of_lines(file: Unpacked, encoding: str) -> Iterator[Lines]:
    """The lines of a file that has an object a line.

    Raises:
        InputError: a line is longer than 64 MB.
    """
    pieces, size, first, wanted = [b""], 0, 1, _FIRST
    for piece in _utf8(file, encoding):
        pieces.append(piece)
        size += len(piece)
        if size < wanted:
            continue
        rest = b"".join(pieces)
        cut = rest.rfind(b"\n") + 1
        if cut:
            yield Lines(text=rest[:cut], first=first, position=file.position)
            first += rest.count(b"\n", 0, cut)
        else:
            _check_length(size)
        pieces, size = [rest[cut:]], size - cut
        wanted = _THEN if cut else size + _THEN
    if size:
        yield Lines(text=b"".join(pieces) + b"\n", first=first, position=file.position)


def of_list(file: Unpacked, encoding: str, shape: Shape, *, header: bool | None = None) -> Iterator[Lines]:
    """The rows of a list, or of values that follow each other over any number of lines, as objects.

    What stands between two rows is only told apart, not checked; the end of a list that was cut off is.

    Raises:
        InputError: a row is not JSON, is longer than 64 MB, or the list does not end.
    """
    splitter = _Splitter(skip=shape.skip, within_object=shape.key is not None)
    objects = AsObjects(shape.row, header=header)
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    found: list[str] = []
    size, first, wanted = 0, 1, _FIRST
    for piece in _utf8(file, encoding):
        for row in splitter.feed(decoder.decode(piece)):
            for line in objects.feed(row):
                found.append(line)
                size += len(line)
        if size >= wanted:
            yield _joined(found, first, file.position)
            first, found, size, wanted = first + len(found), [], 0, _THEN
    for row in splitter.end():
        found.extend(objects.feed(row))
    found.extend(objects.end())
    if found:
        yield _joined(found, first, file.position)


def _joined(found: list[str], first: int, position: int) -> Lines:
    return Lines(text=("\n".join(found) + "\n").encode("utf-8", errors="replace"), first=first, position=position)


class _Splitter:
    """Cuts text that comes in pieces into the JSON values that it holds.

    Args:
        skip: characters after the first blanks that come before the list.
        within_object: the list is a member of an object; what follows it is not looked at.
    """

    def __init__(self, *, skip: int, within_object: bool) -> None:
        self._skip = skip
        self._within_object = within_object
        self._tail = ""
        self._text = ""
        self._pieces: list[str] = []  # what follows the text; joined with it when there is enough
        self._length = 0  # of both
        self._in_list: bool | None = None
        self._ended = False
        self._wanted = 0
        self._seen = 0

    def feed(self, piece: str) -> Iterator[str]:
        """The values that end in this piece."""
        if self._in_list is None:
            start = piece.lstrip("\ufeff \t\r\n")
            if not start:
                return
            start = start[self._skip :]
            self._in_list = self._within_object or is_list(start)
            piece = start[1:] if self._in_list else start
        if self._ended:
            self._check_rest(piece)
            return
        self._pieces.append(piece)
        self._length += len(piece)
        if self._length >= self._wanted:
            yield from self._objects(last=False)

    def end(self) -> Iterator[str]:
        """The objects of what is left."""
        yield from self._objects(last=True)
        if self._in_list and not self._ended:
            raise InputError("The JSON ends in the middle of its list.", advice="Upload it again: it was cut off.")

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
        _check_length(self._length)

    def _end_of(self, text: str, at: int, *, last: bool) -> int | None:
        try:
            return DECODER.raw_decode(text, at)[1]
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
        if self._within_object:
            rest = self._tail + rest
            if _NEXT_OBJECT.search(rest):
                raise InputError(
                    "Another object follows the one that holds the list of rows.",
                    advice="Hand in one list of objects, or one object a line.",
                )
            self._tail = rest[-_TAIL:]
        elif rest.strip("\x00 \t\r\n"):
            raise InputError("Something follows the end of the JSON list.", advice="Hand in one list of objects.")


def _utf8(file: Unpacked, encoding: str) -> Iterator[bytes]:
    if encoding != "utf-8":
        for text in decoded(file, encoding):
            yield text.encode("utf-8", errors="replace")
        return
    bom = b"\xef\xbb\xbf"
    first = True
    while piece := file.read(CHUNK):
        yield piece.removeprefix(bom) if first else piece
        first = False


def _check_length(length: int) -> None:
    if length > MOST_LINE:
        raise InputError(
            f"An object of the JSON is longer than {MOST_LINE >> 20} MB.",
            advice="Hand in one object for each row, as a list or one a line.",
        )
