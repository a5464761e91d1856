"""JSON that Polars does not read as it stands: row by row, and what does not fit into one type made text."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading.json_lines import Lines

_MOST_DIGITS = 40  # more than 128 bits have; Python makes no number of thousands
_WIDEST = 2**127


@dataclass(slots=True, kw_only=True)
class Rows:
    """What was found out about some lines.

    Attributes:
        frame: the rows.
        unread: the numbers of lines that are no objects.
        mixed: columns that became text.
        nan: there was a NaN.
        huge: there were numbers that no number type holds.
        undecodable: there were bytes that are no UTF-8.
    """

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    unread: list[int] = field(default_factory=list)
    mixed: Sequence[str] = ()
    nan: bool = False
    huge: bool = False
    undecodable: bool = False


class _Huge(str):
    """The digits of a number that no number type holds."""

    __slots__ = ()


def read_rows(lines: Lines, parse: Callable[[bytes], pl.DataFrame]) -> Rows:
    """Line by line: those that are no objects are left out, and columns of several types made text.

    Args:
        lines: the text.
        parse: makes a frame of lines that are in order.

    Raises:
        InputError: nothing helps.
    """
    found = Rows()
    rows = _objects(lines, found)
    mixed = _mixed(rows)
    found.mixed = sorted(mixed)
    nested = {name for row in rows for name, value in row.items() if isinstance(value, (list, dict))}
    for names in (mixed, nested):
        for row in rows:
            for name in names & row.keys():
                row[name] = _text(row[name])
        try:
            found.frame = parse("\n".join(json.dumps(row) for row in rows).encode() + b"\n") if rows else pl.DataFrame()
        except pl.exceptions.PolarsError:
            continue
        return found
    raise InputError(
        "The JSON cannot be read as a table: some value is written in a way that fits no type.",
        advice="Hand in flat objects, or the table as Parquet.",
    )


def is_rounded(frame: pl.DataFrame, text: bytes) -> bool:
    """Whether a column of decimal numbers has whole ones among them that lost digits by that."""
    floats = [number for number, dtype in enumerate(frame.dtypes) if dtype.is_float()]
    if not floats or not frame.height:
        return False
    large = frame.select((pl.nth(number).abs() >= 2**53).any() for number in floats).row(0)
    names = [frame.columns[number] for number, is_large in zip(floats, large, strict=True) if is_large]
    if not names:
        return False
    decoder = json.JSONDecoder(parse_float=len, parse_int=_whole)
    for line in text.decode("utf-8", errors="replace").split("\n"):
        try:
            row = decoder.decode(line)
        except (ValueError, RecursionError):
            continue
        if any(_kind(row.get(name)) in {"large int", "huge"} for name in names):
            return True
    return False


def _objects(lines: Lines, found: Rows) -> list[dict[str, Any]]:
    text = lines.text.decode("utf-8", errors="replace")
    found.undecodable = text.count("\ufffd") > lines.text.count("\ufffd".encode())
    constants: list[str] = []
    rows = []

    def constant(name: str) -> str | None:
        # No JSON, but written by many. Infinities have no other form than their name.
        constants.append(name)
        return None if name == "NaN" else name

    for number, line in enumerate(text.split("\n"), start=lines.first):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=constant, parse_int=_whole, parse_float=_decimal)
        except (ValueError, RecursionError):
            row = None
        if isinstance(row, dict):
            rows.append(row)
            found.huge = found.huge or any(isinstance(value, _Huge) for value in row.values())
        else:
            found.unread.append(number)
    found.nan = "NaN" in constants
    return rows


def _whole(digits: str) -> int | _Huge:
    if len(digits) > _MOST_DIGITS:
        return _Huge(digits)
    value = int(digits)
    return value if -_WIDEST <= value < _WIDEST else _Huge(digits)


def _decimal(digits: str) -> float | _Huge:
    value = float(digits)
    return _Huge(digits) if math.isinf(value) else value


def _mixed(rows: Sequence[dict[str, Any]]) -> set[str]:
    kinds: dict[str, set[str]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                kinds.setdefault(name, set()).add(_kind(value))
    return {name for name, found in kinds.items() if not _go_together(found)}


def _go_together(kinds: set[str]) -> bool:
    if len(kinds) == 1:
        return kinds != {"huge"}
    return kinds <= {"int", "large int"} or kinds <= {"int", "float"}


def _kind(value: object) -> str:
    if isinstance(value, _Huge):
        return "huge"
    if isinstance(value, int) and not isinstance(value, bool):
        return "int" if int(float(value)) == value else "large int"  # which no float is equal to
    return type(value).__name__


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else json.dumps(value, ensure_ascii=False)
