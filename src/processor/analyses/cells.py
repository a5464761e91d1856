"""Single cells of a table in a result: bounded, and nothing that JSON would lose."""

import math
from collections.abc import Sequence

import polars as pl

from processor.analyses.times import listed_values
from processor.analyses.values import json_value, json_values

_AS_TEXT = (pl.List, pl.Array, pl.Struct, pl.Object, pl.Binary, pl.Duration, pl.Categorical, pl.Enum)
_TEXT_LENGTH = 200


def shown_cells(values: pl.Series) -> list[object]:
    """Values of a column as JSON: as in a profile, but NaN, infinities and nested values are texts."""
    if values.dtype in _AS_TEXT:
        return [None if value is None else cut(str(value)) for value in listed_values(values)]
    if values.dtype.is_float():
        return [_number(value) for value in values]
    return json_values(values)


def shown_rows(frame: pl.DataFrame, names: Sequence[str]) -> list[dict[str, object]]:
    """Each row of `frame` as an object; its columns are called `names`, whatever they are called in the frame."""
    cells = [shown_cells(column) for column in frame.get_columns()]
    return [dict(zip(names, row, strict=True)) for row in zip(*cells, strict=True)]


def cut(text: str) -> str:
    """A text that is never long."""
    return text if len(text) <= _TEXT_LENGTH else text[: _TEXT_LENGTH - 1] + "…"


def _number(value: float | None) -> object:
    if value is None or math.isfinite(value):
        return json_value(value)
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")
