"""The character encoding and the line ends of a text file; and a copy in UTF-8 where Polars needs one."""

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from common.errors import InputError
from processor.reading.packing import Unpacked

CHUNK = 1 << 20
HEAD = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    r"""How the text of a file is stored.

    Attributes:
        name: a codec of Python: `utf-8`, `utf-16`, `utf-16-le`, `utf-16-be`, `utf-32`, `cp1252`, `latin-1`.
        newline: `\n` or `\r`; a line that ends with both counts as the first.
    """

    name: str
    newline: str

    @property
    def needs_copy(self) -> bool:
        """True where Polars would read garbage, or refuse, without a copy in UTF-8."""
        return self.name != "utf-8"


def detect(pieces: list[bytes]) -> Encoding:
    """Tell the encoding from pieces of the file; the first piece is its beginning."""
    name = _from_mark(pieces[0]) or _without_mark(pieces)
    text = pieces[0].decode(name, errors="replace")
    newline = "\r" if "\r" in text and "\n" not in text else "\n"
    return Encoding(name=name, newline=newline)


def _from_mark(head: bytes) -> str | None:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return "utf-8" if head.startswith(codecs.BOM_UTF8) else None


def _without_mark(pieces: list[bytes]) -> str:
    even, odd = pieces[0][0:HEAD:2], pieces[0][1:HEAD:2]
    if odd and even.count(0) < odd.count(0) * 0.1 and odd.count(0) > len(odd) * 0.4:
        return "utf-16-le"
    if odd and odd.count(0) < even.count(0) * 0.1 and even.count(0) > len(even) * 0.4:
        return "utf-16-be"
    if all(_is_utf8(piece, whole_start=n == 0) for n, piece in enumerate(pieces)):
        return "utf-8"
    undefined = b"\x81\x8d\x8f\x90\x9d"
    return "latin-1" if any(byte in piece for piece in pieces for byte in undefined) else "cp1252"


def _is_utf8(piece: bytes, *, whole_start: bool) -> bool:
    # A piece cut out of the middle may start and end inside a character: up to three bytes at each side are forgiven.
    start = 0
    while not whole_start and start < min(3, len(piece)) and 0x80 <= piece[start] < 0xC0:
        start += 1
    try:
        codecs.getincrementaldecoder("utf-8")().decode(piece[start:], final=False)
    except UnicodeDecodeError:
        return False
    return True


def convert(text: bytes, *, encoding: Encoding) -> bytes:
    r"""A piece of the text in UTF-8, with `\n` line ends where they were `\r`."""
    decoded = codecs.getincrementaldecoder(encoding.name)(errors="replace").decode(text, final=False)
    return _unmarked(decoded, encoding).encode("utf-8")


def copy_as_utf8(
    source: Unpacked, target: Path, *, encoding: Encoding, told: Callable[[int], None] = lambda _: None
) -> int:
    r"""Write the text of `source` to `target` in UTF-8 with `\n` line ends, in constant memory.

    `told` is told how far it came, in bytes of the file.

    Returns:
        How many characters could not be decoded and stand as U+FFFD.
    """
    replaced = 0
    with target.open("wb") as out:
        for text in decoded(source, encoding.name):
            replaced += text.count("\ufffd")
            out.write(_unmarked(text, encoding).encode("utf-8"))
            told(source.position)
    return replaced


def count_undecodable(source: Unpacked) -> int:
    """Count the places in a UTF-8 file that are no UTF-8."""
    return sum(text.count("\ufffd") for text in decoded(source, "utf-8"))


def decoded(file: Unpacked, name: str) -> Iterator[str]:
    """The text in pieces.

    Raises:
        InputError: it has no byte order mark where it must have one.
    """
    decoder = codecs.getincrementaldecoder(name)(errors="replace")
    try:
        while chunk := file.read(CHUNK):
            yield decoder.decode(chunk)
        yield decoder.decode(b"", final=True)
    except UnicodeError:  # no byte order mark
        raise InputError(f"The text is not {name}.", advice="Set read_options.encoding, or leave it out.") from None


def _unmarked(text: str, encoding: Encoding) -> str:
    return text.replace("\r", "\n") if encoding.newline == "\r" else text
