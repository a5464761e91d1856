"""What sort of column a type makes, in the words of the result."""

from enum import StrEnum

import polars as pl


class Shape(StrEnum):
    """The `type` of a column in the result."""

    NUMBER = "number"
    TEXT = "text"
    CATEGORY = "category"
    BOOLEAN = "boolean"
    TIME = "time"
    DURATION = "duration"
    BINARY = "binary"
    LIST = "list"
    STRUCT = "struct"
    EMPTY = "empty"
    OTHER = "other"


_NESTED = {pl.List: Shape.LIST, pl.Array: Shape.LIST, pl.Map: Shape.LIST, pl.Struct: Shape.STRUCT}
_PLAIN = {
    pl.Date: Shape.TIME,
    pl.Datetime: Shape.TIME,
    pl.Time: Shape.TIME,
    pl.Duration: Shape.DURATION,
    pl.String: Shape.TEXT,
    pl.Categorical: Shape.CATEGORY,
    pl.Enum: Shape.CATEGORY,
    pl.Boolean: Shape.BOOLEAN,
    pl.Binary: Shape.BINARY,
    pl.Null: Shape.EMPTY,
}
RANGED = (Shape.NUMBER, Shape.TIME, Shape.DURATION)
TEXTUAL = (Shape.TEXT, Shape.CATEGORY)


def shape_of(dtype: pl.DataType) -> Shape:
    """The sort that a type belongs to; EMPTY is the type of a column that holds nulls alone."""
    if dtype.is_numeric():
        return Shape.NUMBER
    base = dtype.base_type()
    return _PLAIN.get(base) or _NESTED.get(base) or Shape.OTHER


def is_whole(dtype: pl.DataType) -> bool:
    """True for what fits 64 bits with a sign, times by their physical numbers; larger integers count as floats."""
    wide = (pl.UInt64, pl.Int128, pl.UInt128)
    return dtype.is_temporal() or (dtype.is_integer() and dtype not in wide)


def as_numbers(values: pl.Series) -> pl.Series:
    """Numbers and times as what can be reckoned with: whole numbers as they are, all else as Float64."""
    if values.dtype.is_temporal():
        return values.to_physical()
    return values if is_whole(values.dtype) else values.cast(pl.Float64)
