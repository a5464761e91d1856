r"""A copy of delimited text as Polars reads it: the same lines, the same values.

Blanks after delimiters (`1, "a, b", 2`), quotes behind backslashes (`"a \"b\""`), quotes that are not doubled
(`"a "b""`): of those Polars makes other fields or other values, mostly without a word.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

from processor.reading.packing import Unpacked

_CHUNK = 1 << 20
_LONGEST_ROW = 16 << 20


def copy_rewritten(
    file: Unpacked,
    target: Path,
    rewrite: Callable[[bytes], bytes],
    *,
    newline: str,
    quote: str | None,
    told: Callable[[int], None],
) -> None:
    """Write all of the file to `target`, some whole rows at a time."""
    with target.open("wb") as out:
        for piece in pieces(file, newline.encode(), (quote or '"').encode()):
            out.write(rewrite(piece))
            told(file.position)


def pieces(file: Unpacked, newline: bytes, quote: bytes) -> Iterator[bytes]:
    """The file in pieces of whole lines, which do not end inside of a quoted field that is not very long."""
    rest = b""
    while chunk := file.read(_CHUNK):
        piece = rest + chunk
        end = last = piece.rfind(newline) + 1
        is_open = piece.count(quote, 0, end) % 2 == 1
        while is_open and end:
            start = piece.rfind(newline, 0, end - 1) + 1
            is_open ^= piece.count(quote, start, end) % 2 == 1
            end = start
        end = last if len(piece) > _LONGEST_ROW else end
        if end:
            yield piece[:end]
        rest = piece[end:]
    if rest:
        yield rest
