"""JSON cut into lines of one object each, without reading more of it than a few megabytes at a time."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass

from processor.reading.encoding import CHUNK, decoded
from processor.reading.json_shape import AsObjects
from processor.reading.json_splitter import Splitter, check_length
from processor.reading.packing import Unpacked

_FIRST = 1 << 20
_THEN = 8 << 20


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
            check_length(size)
        pieces, size = [rest[cut:]], size - cut
        wanted = _THEN if cut else size + _THEN
    if size:
        yield Lines(text=b"".join(pieces) + b"\n", first=first, position=file.position)


def of_values(file: Unpacked, encoding: str, splitter: Splitter, objects: AsObjects) -> Iterator[Lines]:
    """The rows of a list, or of values that follow each other over any number of lines, as objects.

    What stands between two rows is only told apart, not checked; the end of a list that was cut off is.

    Raises:
        InputError: a row is not JSON, is longer than 64 MB, or the list does not end.
        AnotherObjectError: the list stands in the first object of many.
    """
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
