"""Texts in a table that are no texts in its JSON: Polars makes text of values of several types without a word."""

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

import polars as pl

from processor.reading.json_kinds import ITEMS, Path

_LIKE_OTHERS = r"^(-?[0-9]|true$|false$|\[|\{)"
_TEXTS = rb'(?:\s*(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"|null)\s*,)*+'
_LOOK_AT = 100
_FEW = 8


def other_than_text(frame: pl.DataFrame, text: bytes) -> list[Path]:
    """The places of text with values that are no text in the file.

    Only places with values that look so are searched for, and what is found is parsed to be sure.
    """
    suspects = [path for path, texts in _texts(frame) if texts.str.contains(_LIKE_OTHERS).any()]
    columns, inner = ([path for path in suspects if (len(path) == 1) is alone] for alone in (True, False))
    if len(inner) <= _FEW:
        inner = [path for path in inner if next(_places(path, text), None) is not None]
    if len(columns) <= _FEW:
        return [*(path for path in columns if _is_elsewhere_no_text(path, text)), *_no_texts(inner, text)]
    return _no_texts([*columns, *inner], text)


def _texts(frame: pl.DataFrame) -> Iterator[tuple[Path, pl.Series]]:
    """All that is text in the frame, at any depth, in its order."""
    waiting: list[tuple[Path, pl.Series]] = [((column.name,), column) for column in reversed(frame.get_columns())]
    while waiting:
        path, values = waiting.pop()
        if values.dtype == pl.String:
            yield path, values
        elif isinstance(values.dtype, pl.List) and _holds_text(values.dtype):
            waiting.append(((*path, ITEMS), values.list.explode(empty_as_null=False, keep_nulls=False)))
        elif isinstance(values.dtype, pl.Struct) and _holds_text(values.dtype):
            waiting.extend(((*path, field.name), field) for field in reversed(values.struct.unnest().get_columns()))


def _holds_text(dtype: Any) -> bool:
    if isinstance(dtype, pl.Struct):
        return any(_holds_text(field.dtype) for field in dtype.fields)
    return _holds_text(dtype.inner) if isinstance(dtype, pl.List) else bool(dtype == pl.String())


def _is_elsewhere_no_text(column: Path, text: bytes) -> bool:
    end = 0
    for at in itertools.islice(_places(column, text), _LOOK_AT):
        if at < end:
            continue  # in a line that was parsed
        start, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
        if _no_texts([column], text[start:end]):
            return True
        if end < 0:
            break
    return False


def _places(path: Path, text: bytes) -> Iterator[int]:
    """Where something that is no text follows the name, or stands in the list that does."""
    names = [name for name in path if name is not ITEMS]
    key = re.escape(json.dumps(names[-1], ensure_ascii=False).encode("utf-8", errors="replace"))
    lists = rb"\[" + _TEXTS if path[-1] is ITEMS else b""
    return (found.start() for found in re.finditer(key + rb"\s*:\s*" + lists + rb"\s*[-0-9tf{[]", text))


def _no_texts(paths: Iterable[Path], text: bytes) -> list[Path]:
    """Those of the places that hold values that are no text: each line is parsed once, whatever their number."""
    decoder = json.JSONDecoder(parse_int=len, parse_float=len)
    sought, found = list(paths), []
    for line in text.decode("utf-8", errors="replace").split("\n"):
        if not sought:
            break
        try:
            row = decoder.decode(line)
        except (ValueError, RecursionError):
            continue
        found += (here := [path for path in sought if _is_no_text(row, path)])
        sought = [path for path in sought if path not in here] if here else sought
    return found


def _is_no_text(value: object, path: Path) -> bool:
    if not path:
        return value is not None and not isinstance(value, str)
    if path[0] is ITEMS:
        return isinstance(value, list) and any(_is_no_text(item, path[1:]) for item in value)
    return isinstance(value, dict) and _is_no_text(value.get(path[0]), path[1:])
