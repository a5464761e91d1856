"""XML as programs write spreadsheets, taken apart by patterns: many times faster than element by element.

Only what is exactly of the expected shape is taken; of all else it is said that it is not, and the parser of elements
reads it. Whether it is well-formed the parser tells afterwards, and what was taken is worth nothing if it is not.
"""

import re
from collections.abc import Iterator

_CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]*"([^>&\'/]*)(?:/>|>(?:<f[^>]*/>|<f[^>]*>[^<]*</f>)?'
    r'(?:<v>([^<]*)</v>|<v ?/>|<is><t(?: xml:space="preserve")?>([^<]*)</t></is>)?</c>)'
)
_ROW_TAGS, _TEXT_TAGS = ("<row", "</row>", "<c ", "</c>"), ("<is>", "</is>", "<t>", "<t ", "</t>")
_TAGS = (*_ROW_TAGS, *_TEXT_TAGS, "<v>", "</v>", "<v/>", "<v />", "<f", "</f>")
_TEXT = re.compile(r'<si><t(?: xml:space="preserve")?>([^<]*)</t></si>')
_ATTRIBUTE = re.compile(r'([a-z]+)="([^"]*)"')
_ATTRIBUTES = re.compile(r'(?: [a-z]+="[0-9A-Za-z]*")* ?')
_ENTITY = re.compile("&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|([a-z]+));")
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_LEAST_TAGS_A_TEXT = 4

Cell = tuple[str, str, str, str]
"""Letters of its column, its other attributes as they are written, its value, its text."""


def rows_of(piece: str) -> Iterator[list[Cell]] | None:
    """The cells of whole rows; None if anything else is there."""
    known = sum(piece.count(tag) for tag in _TAGS)
    if known != piece.count("<"):
        return None
    rows = [_CELL.findall(row) for row in piece.split("</row>")]
    return iter(rows) if sum(map(len, rows)) == piece.count("<c ") else None


def texts_of(piece: str) -> list[str] | None:
    """Whole shared texts that have no parts; None if anything else is there."""
    texts: list[str] = _TEXT.findall(piece)
    if len(texts) * _LEAST_TAGS_A_TEXT != piece.count("<"):
        return None
    return [resolved(text) for text in texts] if "&" in piece else texts


def attributes_of(written: str) -> dict[str, str] | None:
    """Attributes by name; None if they are written in another way than they mostly are."""
    return dict(_ATTRIBUTE.findall(written)) if _ATTRIBUTES.fullmatch(written) else None


def resolved(text: str) -> str:
    """Text with its references to characters resolved; there are no others without declarations.

    Raises:
        ValueError: there is no such character.
    """
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    try:
        return _NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
    except (KeyError, OverflowError) as error:
        raise ValueError(str(error)) from None
