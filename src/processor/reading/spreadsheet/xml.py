"""XML as it stands in spreadsheets, element by element or in whole plain pieces.

Declarations of types and entities have no place in it, and are refused: they are how XML bombs are made.
"""

import re
from collections.abc import Iterator
from typing import IO
from xml.parsers import expat

from common.errors import InputError
from processor.reading import archive

_CHUNK = 64 << 10
_LONGEST = 4 << 20
_MARK, _DECLARATION = b"\xef\xbb\xbf", b"<?xml "
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")


class XmlParser:
    """Calls back for each element by its name without namespace; nothing is kept, no entity is known.

    Subclasses define `start(name, attributes)`, `end(name)` and `text(data)`. Where they have an `ending`, whole pieces
    up to it are offered to `take(piece)` first: if that takes one, nobody is called back for its elements, and the
    parser only sees that it is well-formed.
    """

    ending = b""

    def __init__(self) -> None:
        self._rest = b""
        self._between = False
        self._is_plain = True
        self._parser = expat.ParserCreate(namespace_separator="\n")
        self._parser.buffer_text = True
        self._call_back(wanted=True)
        self._parser.XmlDeclHandler = self._declared
        self._parser.StartDoctypeDeclHandler = _refuse
        self._parser.EntityDeclHandler = _refuse

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Some of its text."""

    def take(self, _piece: str) -> bool:
        """Take whole elements at once, if they are as they mostly are; else leave them to the callbacks."""
        return False

    def run(self, part: IO[bytes], *, most: int | None = None) -> Iterator[None]:
        """Parse; yields now and then, so that what was called back can be taken.

        Raises:
            InputError: the XML or its compressed data is damaged, or the part is larger than `most`.
        """
        read = 0
        try:
            while chunk := _chunk(part):
                read += len(chunk)
                if most is not None and read > most:
                    raise InputError("A part of the spreadsheet is far too large.", advice="Save the sheet as CSV.")
                self._feed(chunk)
                self._check_tag(read)
                yield
            self._parser.Parse(self._rest, True)  # noqa: FBT003
            yield
        except (expat.ExpatError, ValueError):
            raise damaged() from None

    def _feed(self, chunk: bytes) -> None:
        data = self._rest + chunk
        cut = data.rfind(self.ending) + len(self.ending) if self.ending and self._is_plain else len(data)
        if cut < len(self.ending) and len(data) <= _LONGEST:
            self._rest = data
            return
        is_whole = cut >= len(self.ending)
        piece, self._rest = (data[:cut], data[cut:]) if is_whole else (data, b"")
        self._is_plain = self._is_plain and is_whole and not _hides_elements(piece)
        if not (self.ending and self._is_plain and self._between and self._taken(piece)):
            self._parser.Parse(piece, False)  # noqa: FBT003  # expat takes no keywords
        self._between = is_whole

    def _taken(self, piece: bytes) -> bool:
        text = piece.decode().replace("\r\n", "\n").replace("\r", "\n")
        if not self.take(text):
            return False
        self._call_back(wanted=False)
        self._parser.Parse(piece, False)  # noqa: FBT003
        self._call_back(wanted=True)
        return True

    def _check_tag(self, read: int) -> None:
        # The parser looks at a tag from its beginning whenever more of it comes.
        if read - len(self._rest) - self._parser.CurrentByteIndex > _LONGEST:
            raise damaged()

    def _call_back(self, *, wanted: bool) -> None:
        self._parser.StartElementHandler = self._start if wanted else None
        self._parser.EndElementHandler = self._end if wanted else None
        self._parser.CharacterDataHandler = self.text if wanted else None

    def _declared(self, _version: str, encoding: str | None, _standalone: int) -> None:
        self._is_plain = self._is_plain and (encoding or "utf-8").lower() == "utf-8"

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self.start(name.rpartition("\n")[2], {key.rpartition("\n")[2]: value for key, value in attributes.items()})

    def _end(self, name: str) -> None:
        self.end(name.rpartition("\n")[2])


def unescaped(text: str) -> str:
    """Text with its escapes resolved: `_x000D_` is a carriage return (ECMA-376, 22.9.2.19).

    Halves of a letter (surrogates) are joined; one alone becomes U+FFFD.
    """
    if "_x" not in text:
        return text
    found = _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return found.encode("utf-16-le", errors="surrogatepass").decode("utf-16-le", errors="replace")


def damaged() -> InputError:
    """What is said of a spreadsheet that breaks off or is not as it must be."""
    return InputError("The spreadsheet is damaged or cut off.", advice="Open it, save it again, and hand that in.")


def _chunk(part: IO[bytes]) -> bytes:
    """The next bytes; apart from what is done with them, so that a full disk is not called damage."""
    try:
        return part.read(_CHUNK)
    except archive.DAMAGE:
        raise damaged() from None


def _hides_elements(piece: bytes) -> bool:
    """Whether what looks like an element may be none: within a comment, or in UTF-16, which has zeros."""
    return b"<!" in piece or b"\0" in piece or b"<?" in piece.removeprefix(_MARK).removeprefix(_DECLARATION)


def _refuse(*_: object) -> None:
    raise InputError(
        "The spreadsheet's XML declares types or entities, as no spreadsheet does.",
        advice="Do not open it; save the table from a program that you trust.",
    )
