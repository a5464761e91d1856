"""What a format cannot hold, changed into what it can.

Text formats know no types, JSON few, Avro no narrow or unsigned integers, Excel no number beyond 2^53. A value is never
dropped for that: it is written in another form that says the same, and `losses` tells the loss of its type.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl

from processor.writing.formats import FormatName
from processor.writing.formulas import defused
from processor.writing.nested import Leaf, has_empty_struct, rebuild

EXACT_DIGITS: Final = 15  # a float holds every decimal number of so many


def fit(frame: pl.LazyFrame, schema: pl.Schema, name: FormatName, *, defuse: bool) -> pl.LazyFrame:
    """Change what the format cannot hold.

    Args:
        frame: the table.
        schema: of the table.
        name: the format.
        defuse: whether text that a spreadsheet would compute becomes plain text.
    """
    # By position: a column may be named `*` or `^a$`, which `pl.col` would take for many.
    columns = [_fitted(pl.nth(position), dtype, name) for position, dtype in enumerate(schema.dtypes())]
    if defuse:
        columns = [
            defused(column) if is_free_text(dtype) else column
            for column, dtype in zip(columns, schema.dtypes(), strict=True)
        ]
    return frame.select([column.alias(each) for column, each in zip(columns, schema.names(), strict=True)])


def _fitted(column: pl.Expr, dtype: pl.DataType, target: FormatName) -> pl.Expr:
    if target == "arrow":
        return column
    if target == "parquet":
        return pl.lit(None, pl.Null) if has_empty_struct(dtype) else column
    if target in _NESTED:
        return rebuild(column, dtype, _NESTED[target])
    if dtype.is_nested():
        return _as_json(rebuild(column, dtype, _for_json))
    return _for_excel(column, dtype) if target == "xlsx" else for_text(column, dtype)


def _for_json(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return value.bin.encode("base64") if dtype == pl.Binary else value


def for_text(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value that is not nested, as CSV has it."""
    match dtype:
        case pl.Binary():
            return value.bin.encode("base64")
        case pl.Duration():
            return value.dt.to_string("iso")
        case pl.Categorical() | pl.Enum() | pl.Null():
            return value.cast(pl.String)
    return value


def _for_excel(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    match dtype:
        case pl.Datetime():
            return value.dt.replace_time_zone(None) if dtype.time_zone else value
        case pl.Decimal() if (dtype.precision or EXACT_DIGITS + 1) <= EXACT_DIGITS:
            return value.cast(pl.Float64)
        case pl.Decimal():
            return value.cast(pl.String)
    return for_text(value, dtype)


_AVRO_CASTS: Final[Mapping[type[pl.DataType], type[pl.DataType]]] = {
    pl.Int8: pl.Int32,
    pl.Int16: pl.Int32,
    pl.UInt8: pl.Int32,
    pl.UInt16: pl.Int32,
    pl.UInt32: pl.Int64,
    pl.UInt64: pl.String,
    pl.Int128: pl.String,
    pl.UInt128: pl.String,
    pl.Float16: pl.Float32,
    pl.Categorical: pl.String,
    pl.Enum: pl.String,
    pl.Null: pl.String,
    pl.Decimal: pl.String,  # Polars 2.1 drops the byte that keeps 32768 from being read as -32768
}


def _for_avro(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if type(dtype) in _AVRO_CASTS:
        return value.cast(_AVRO_CASTS[type(dtype)])
    match dtype:
        case pl.Datetime():
            plain = value.dt.convert_time_zone("UTC").dt.replace_time_zone(None) if dtype.time_zone else value
            return plain.dt.cast_time_unit("us") if dtype.time_unit == "ns" else plain
        case pl.Time() | pl.Duration():
            return value.dt.to_string("iso")
    return value


_NESTED: Final[Mapping[str, Leaf]] = {"json": _for_json, "ndjson": _for_json, "avro": _for_avro}


def _as_json(value: pl.Expr) -> pl.Expr:
    """A nested value as JSON text: encoded within a struct, and taken out of it again."""
    text = pl.struct(value.alias("v")).struct.json_encode().str.slice(len('{"v":')).str.head(-1)
    return pl.when(value.is_null()).then(None).otherwise(text)


def is_free_text(dtype: pl.DataType) -> bool:
    """Whether a value of this type is written to CSV as a text that can begin with anything that text can."""
    return dtype in (pl.String, pl.Categorical, pl.Enum, pl.Binary, pl.Duration)
