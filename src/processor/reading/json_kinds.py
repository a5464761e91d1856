"""Which kinds of values stand at each place of some rows, and text in place of those that no column holds together."""

import json
from collections.abc import Iterator
from typing import Any

from processor.reading.names import shown

Path = tuple[str | None, ...]  # names of fields, from the column's on
ITEMS = None  # in a path: the items of lists


class Huge(str):
    """The digits of a number that no number type holds."""

    __slots__ = ()


class Kinds:
    """What was seen at one place: of a column, a field of objects in it, or the items of its lists."""

    __slots__ = ("_fields", "_items", "_kinds")

    def __init__(self) -> None:
        self._kinds: set[str] = set()
        self._fields: dict[str, Kinds] = {}
        self._items: Kinds | None = None

    def see(self, value: Any) -> None:
        """Take a value, and what it holds."""
        if value is None:
            return
        self._kinds.add(kind_of(value))
        if isinstance(value, dict):
            for name, inner in value.items():
                self._fields.setdefault(name, Kinds()).see(inner)
        elif isinstance(value, list):
            self._items = self._items or Kinds()
            for inner in value:
                self._items.see(inner)

    def mixed(self, path: Path = ()) -> Iterator[Path]:
        """The places whose values have no type in common."""
        if self._is_mixed():
            yield path
            return
        for name, inner in self._fields.items():
            yield from inner.mixed((*path, name))
        if self._items is not None:
            yield from self._items.mixed((*path, ITEMS))

    def fitted(self, value: Any) -> Any:
        """The value with text in place of what has no type in common with others at its place."""
        if value is None:
            return None
        if self._is_mixed():
            return as_text(value)
        if isinstance(value, dict):
            return {name: self._fields[name].fitted(inner) for name, inner in value.items()}
        if isinstance(value, list) and self._items is not None:
            return [self._items.fitted(inner) for inner in value]
        return value

    def is_huge(self) -> bool:
        """Whether there was a number that no number type holds."""
        inner = [*self._fields.values(), *([self._items] if self._items else [])]
        return "huge" in self._kinds or any(one.is_huge() for one in inner)

    def are_parts(self) -> bool:
        """Whether lists of such items are text as a whole, not item by item: points beside polygons."""
        return len(self._kinds) > 1 and "str" not in self._kinds and self._is_mixed()

    def _is_mixed(self) -> bool:
        if len(self._kinds) == 1:
            return self._kinds == {"huge"} or (self._items is not None and self._items.are_parts())
        return not (self._kinds <= {"int", "large int"} or self._kinds <= {"int", "float"})


def kind_of(value: object) -> str:
    """What a value is; whole numbers that no float is equal to, and those of no type, are kinds of their own."""
    if isinstance(value, Huge):
        return "huge"
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if int(float(value)) == value else "large int"
    return type(value).__name__


def as_text(value: Any) -> str | None:
    """A value as text; nested ones as JSON."""
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def told(path: Path) -> str:
    """The warning that values at this place are text."""
    if len(path) == 1:
        return f"Column {shown(path[0] or '')} holds values of several types; read as text."
    place = "".join("[]" if name is ITEMS else f".{name}" for name in path)
    return f"Values of several types at {shown(place.removeprefix('.'))} were read as text."
