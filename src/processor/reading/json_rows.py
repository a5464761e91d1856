"""JSON that Polars does not read as it stands: row by row, and what does not fit into one type made text."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from common.errors import InputError
from processor.reading.json_kinds import Huge, Kinds, Path, as_text, kind_of
from processor.reading.json_lines import Lines

_MOST_DIGITS = 40  # more than 128 bits have; Python makes no number of thousands
_WIDEST = 2**127


@dataclass(slots=True, kw_only=True)
class Rows:
    """What was found out about some lines.

    Attributes:
        frame: the rows.
        unread: the numbers of lines that are no objects.
        mixed: places of values that became text.
        nan: there was a NaN.
        huge: there were numbers that no number type holds.
        undecodable: there were bytes that are no UTF-8.
    """

    frame: pl.DataFrame = field(default_factory=pl.DataFrame)
    unread: list[int] = field(default_factory=list)
    mixed: list[Path] = field(default_factory=list)
    nan: bool = False
    huge: bool = False
    undecodable: bool = False


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
    kinds = Kinds()
    for row in rows:
        kinds.see(row)
    found.huge = kinds.is_huge()
    found.mixed = list(kinds.mixed())
    if found.mixed:
        rows = [kinds.fitted(row) for row in rows]
    try:
        found.frame = _parsed(rows, parse)
    except pl.exceptions.PolarsError:
        found.mixed.extend((name,) for name in _made_text(rows, parse))
        found.frame = _last(rows, parse)
    return found


def _parsed(rows: Sequence[Mapping[str, Any]], parse: Callable[[bytes], pl.DataFrame]) -> pl.DataFrame:
    return parse("\n".join(map(json.dumps, rows)).encode() + b"\n") if rows else pl.DataFrame()


def _made_text(rows: Sequence[dict[str, Any]], parse: Callable[[bytes], pl.DataFrame]) -> list[str]:
    """Make text of the nested columns that Polars does not read, and name them."""
    nested = {name: None for row in rows for name, value in row.items() if isinstance(value, (list, dict))}
    made = []
    for name in nested:
        try:
            _parsed([{name: row.get(name)} for row in rows], parse)
        except pl.exceptions.PolarsError:
            made.append(name)
            for row in rows:
                row.update({name: as_text(row[name])} if name in row else {})
    return made


def _last(rows: Sequence[dict[str, Any]], parse: Callable[[bytes], pl.DataFrame]) -> pl.DataFrame:
    try:
        return _parsed(rows, parse)
    except pl.exceptions.PolarsError:
        raise InputError(
            "The JSON cannot be read as a table: some value is written in a way that fits no type.",
            advice="Hand in flat objects, or the table as Parquet.",
        ) from None


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
        if any(kind_of(row.get(name)) in {"large int", "huge"} for name in names):
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
        else:
            found.unread.append(number)
    found.nan = "NaN" in constants
    return rows


def _whole(digits: str) -> int | Huge:
    if len(digits) > _MOST_DIGITS:
        return Huge(digits)
    value = int(digits)
    return value if -_WIDEST <= value < _WIDEST else Huge(digits)


def _decimal(digits: str) -> float | Huge:
    value = float(digits)
    return Huge(digits) if math.isinf(value) else value
