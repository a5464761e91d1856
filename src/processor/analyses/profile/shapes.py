"""What sort of column a type makes, in the words of the result."""

from enum import StrEnum

import polars as pl


class Shape(StrEnum):
    """The `type` of a column in the result."""

    NUMBER = "number"
    TEXT = "text"
    BOOLEAN = "boolean"
    TIME = "time"
    OTHER = "other"


def shape_of(dtype: pl.DataType) -> Shape:
    """The sort that a type belongs to; what has no statistics of its own (lists, binary, durations …) is OTHER."""
    if dtype.is_numeric():
        return Shape.NUMBER
    if dtype in (pl.Date, pl.Datetime, pl.Time):
        return Shape.TIME
    if dtype == pl.String:
        return Shape.TEXT
    return Shape.BOOLEAN if dtype == pl.Boolean else Shape.OTHER


def is_whole(dtype: pl.DataType) -> bool:
    """True for what fits 64 bits with a sign, times by their physical numbers; larger integers count as floats."""
    wide = (pl.UInt64, pl.Int128, pl.UInt128)
    return dtype.is_temporal() or (dtype.is_integer() and dtype not in wide)


def as_numbers(values: pl.Series) -> pl.Series:
    """Numbers and times as what can be reckoned with: whole numbers as they are, all else as Float64."""
    if values.dtype.is_temporal():
        return values.to_physical()
    return values if is_whole(values.dtype) else values.cast(pl.Float64)
