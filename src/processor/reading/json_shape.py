"""What JSON holds, told from its beginning: where the rows stand, and what each of them is."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from common.errors import InputError
from processor.reading.names import shown

DECODER = json.JSONDecoder(parse_int=len, parse_float=len)  # numbers are passed over, however many digits they have
BETWEEN = re.compile(r"[\s,]*")
_BLANK = re.compile(r"[ \t\r\n]*")
_DATE_OR_NUMBER = re.compile(r"\s*[-+]?\d[\d.,:/TZ+ -]*\s*")
_OBJECTS = re.compile(r"\[\s*\{")
_SEVERAL = 20

Member = tuple[str, int, int | None]  # its name, where its value begins, and where that ends


class Row(StrEnum):
    """What stands for a row."""

    OBJECT = "object"
    LIST = "list"
    VALUE = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Where the rows are.

    Attributes:
        by_lines: each line is an object.
        row: what the rows are.
        in_list: they stand in one list, rather than one after the other.
        skip: characters of the text, after blanks, before the first of them.
        key: the name of the list, where it stands in an object.
        before: the names of that object's members before the list.
        lists: the names of all such lists of an object that is a row because it holds several.
    """

    by_lines: bool = False
    row: Row = Row.OBJECT
    in_list: bool = False
    skip: int = 0
    key: str | None = None
    before: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()


def shape_of(head: str, *, whole: bool, rows_under: str | None = None) -> Shape:
    """Tell the shape from the beginning of the text.

    Args:
        head: the beginning.
        whole: that is all of it.
        rows_under: the name of the list that holds the rows; empty where an object is a row. None: it is to be told.

    Raises:
        InputError: it is one value alone, which is no table, or there is no such list.
    """
    text = head.lstrip("\ufeff \t\r\n")
    if rows_under:
        return _under(text, rows_under)
    if text.startswith("{"):
        found = Shape() if rows_under == "" else _wrapped(text, whole=whole)
        return found if found.in_list else replace(found, by_lines=_is_by_lines(text))
    end = value_at(text, 0)[1]
    rest = text[end:].lstrip() if end is not None else ""
    if text.startswith("["):
        if rest.startswith("["):
            return Shape(row=Row.LIST)
        # Without an end it is a list that is longer than the head, or no JSON: who reads it will say so.
        return Shape(row=_row_of(text[1:]), in_list=True, skip=1)
    if end is None:
        return Shape()
    if not rest:
        raise InputError("The JSON is one value, not a table.", advice="Hand in a list of objects.")
    return Shape(row=Row.VALUE)


def _is_by_lines(text: str) -> bool:
    """Whether each line is an object, as the first is; but `{}` is written so, too, where others are over several."""
    lines = [line for each in text.split("\n", maxsplit=_SEVERAL) if (line := each.strip())]
    value, end = value_at(lines[0], 0)
    return isinstance(value, dict) and end == len(lines[0]) and "{" not in lines[1:2]


def _row_of(items: str) -> Row:
    """What the first items of a list are that are not null."""
    at = 0
    for _ in range(_SEVERAL):
        at = _after(BETWEEN, items, at)
        opening = items[at : at + 1]
        if opening in {"{", "]", ""}:
            return Row.OBJECT
        if opening == "[":
            return Row.LIST
        value, end = value_at(items, at)
        if value is not None or end is None:
            return Row.VALUE if end is not None else Row.OBJECT
        at = end
    return Row.VALUE


def _under(text: str, name: str) -> Shape:
    """The list of this name within an object, whatever it holds."""
    members = tuple(_members(text)) if text.startswith("{") else ()
    for number, (member, start, _) in enumerate(members):
        if member == name and text.startswith("[", start):
            return _list_at(text, start, key=name, before=members[:number])
    raise InputError(
        f"read_options.rows_under is {shown(name)}, but no list of that name stands at the beginning of the JSON.",
        advice="Names are case-sensitive; leave it out to have the rows found.",
    )


def _wrapped(text: str, *, whole: bool) -> Shape:
    """The list of objects within an object, if that is all there is, and there is one such list; else objects."""
    members = tuple(_members(text))
    end = members[-1][2] if members else None
    if end is not None and text.startswith("}", end) and (text[end + 1 :].strip() or not whole):
        return Shape()  # one of many
    lists = [number for number, (_, start, _) in enumerate(members) if _OBJECTS.match(text, start)]
    if len(lists) != 1:
        return Shape(lists=tuple(members[number][0] for number in lists) if whole else ())
    name, start, _ = members[lists[0]]
    return _list_at(text, start, key=name, before=members[: lists[0]])


def _list_at(text: str, start: int, *, key: str, before: Sequence[Member]) -> Shape:
    row = _row_of(text[start + 1 :])
    return Shape(row=row, in_list=True, skip=start + 1, key=key, before=tuple(name for name, _, _ in before))


def _members(text: str) -> Iterator[Member]:
    """The members of the object that the text begins with, as far as there are; the last may have no end."""
    at = 1
    while (found := _member(text, at)) is not None:
        name, start = found
        end = value_at(text, start)[1]
        end = None if end is None else _after(_BLANK, text, end)
        yield name, start, end
        if end is None or not text.startswith(",", end):
            return
        at = end + 1


def _member(text: str, at: int) -> tuple[str, int] | None:
    """The name of an object's next member, and where its value begins."""
    name, end = value_at(text, _after(_BLANK, text, at))
    if not isinstance(name, str) or end is None:
        return None
    colon = _after(_BLANK, text, end)
    return (name, _after(_BLANK, text, colon + 1)) if text[colon : colon + 1] == ":" else None


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def value_at(text: str, at: int) -> tuple[object, int | None]:
    """A value of the text and where it ends; None for that where it does not, or is no JSON."""
    try:
        return DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, None


class AsObjects:
    """Rows of other forms as the texts of objects.

    Args:
        row: what the rows are.
        header: whether the first list holds the names; None where its look shall tell.
    """

    def __init__(self, row: Row, *, header: bool | None) -> None:
        self._row = row
        self._header = header
        self._first: str | None = None
        self._names: list[str] | None = None

    def feed(self, text: str) -> Iterator[str]:
        """The objects that one more row makes known; the first list waits for the second."""
        if self._row is Row.OBJECT:
            yield text
        elif self._row is Row.VALUE:
            yield f'{{"value": {text}}}'
        elif self._names is not None:
            yield self._object(text)
        elif self._first is None:
            self._first = text
        else:
            yield from self._begun(self._first, text)

    def end(self) -> Iterator[str]:
        """The objects of a row that still waits."""
        if self._row is Row.LIST and self._names is None and self._first is not None:
            yield from self._begun(self._first, None)

    def _begun(self, first: str, second: str | None) -> Iterator[str]:
        cells = _cells(first)
        self._names = _names(cells) if _is_header(first, second, wanted=self._header) else []
        if not self._names:
            yield self._object(first)
        if second is not None:
            yield self._object(second)

    def _object(self, text: str) -> str:
        cells = _cells(text)
        if cells is None or self._names is None:
            return text  # not a list: it is counted by who reads it
        for number in range(len(self._names), len(cells)):
            self._names.append(_free_name(f"column_{number + 1}", self._names))
        pairs = zip(self._names, cells, strict=False)
        return "{" + ", ".join(f"{json.dumps(name)}: {cell}" for name, cell in pairs) + "}"


def _is_header(first: str, second: str | None, *, wanted: bool | None) -> bool:
    """As with delimited text: texts that are no numbers and dates. A list alone is a row, unless the caller knows."""
    names = json.loads(first) if first.startswith("[") and _cells(first) else []
    texts = bool(names) and all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names)
    if wanted is not None:
        return wanted and texts
    return texts and second is not None and not any(_DATE_OR_NUMBER.fullmatch(name) for name in names)


def _free_name(name: str, taken: Sequence[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _names(cells: Sequence[str] | None) -> list[str]:
    return [json.loads(cell) for cell in cells or ()]


def _cells(text: str) -> list[str] | None:
    """The texts of a list's values; None if it is no list."""
    if not text.startswith("["):
        return None
    found, at = [], 1
    while (start := _after(BETWEEN, text, at)) < len(text) and text[start] != "]":
        at = DECODER.raw_decode(text, start)[1]
        found.append(text[start:at])
    return found
