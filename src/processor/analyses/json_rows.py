"""Rows as JSON: nothing that JavaScript would lose, nothing that JSON has no word for, no text without end."""

import math
from datetime import date, time, timedelta

import polars as pl

from processor.analyses.times import rows_of_values
from processor.analyses.values import SAFE_INTEGER

LONGEST_TEXT = 1_000
MOST_ITEMS = 100
_NOT_FINITE = {math.inf: "Infinity", -math.inf: "-Infinity"}


def json_rows(frame: pl.DataFrame) -> list[list[object]]:
    """Each row as a list of cells, in the order of the columns."""
    return [[json_cell(value) for value in row] for row in rows_of_values(frame)]


def json_cell(value: object) -> object:
    """One value: integers beyond 2^53, decimals, NaN and infinities as strings, times in ISO 8601, bytes in hex.

    Texts are cut at 1,000 characters, lists at 100 items.
    """
    match value:
        case bool() | None:
            cell: object = value
        case int():
            cell = value if abs(value) <= SAFE_INTEGER else str(value)
        case float():
            cell = value if math.isfinite(value) else _NOT_FINITE.get(value, "NaN")
        case list():
            cell = [json_cell(item) for item in value[:MOST_ITEMS]]
        case dict():
            cell = {str(key): json_cell(item) for key, item in list(value.items())[:MOST_ITEMS]}
        case _:
            cell = _text(value)
    return cell


def _text(value: object) -> str:
    match value:
        case date() | time():
            return value.isoformat()
        case timedelta():
            return f"{value.total_seconds()} s"
        case bytes():
            return _cut(value[:LONGEST_TEXT].hex())
        case _:
            return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
