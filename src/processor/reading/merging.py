"""One type for values of several: the narrowest that holds them all without loss, and text where there is none."""

from collections.abc import Mapping
from typing import Any

import polars as pl


def merged(known: Mapping[str, pl.DataType], other: Mapping[str, pl.DataType]) -> dict[str, pl.DataType]:
    """The columns of both, in the order in which they came, each with a type that holds both's values."""
    found = dict(known)
    for name, dtype in other.items():
        found[name] = common(found[name], dtype) if name in found else dtype
    return found


def common(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """A type for the values of both."""
    if other in {one, pl.Null()}:
        return one
    if one == pl.Null:
        return other
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        return pl.Struct(merged(_fields(one), _fields(other)))
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        inner = common(_instance(one.inner), _instance(other.inner))
        # Points beside polygons: text as a whole, not lists of the texts of their items.
        return pl.String() if inner == pl.String and pl.String not in {one.inner, other.inner} else pl.List(inner)
    return _common_scalar(one, other)


def is_made_text(known: pl.DataType | None, found: pl.DataType) -> bool:
    """Whether values of the known type, or values within them, become text in the other."""
    if known is None or isinstance(known, pl.Null) or known == found:
        return False
    if isinstance(known, pl.Struct) and isinstance(found, pl.Struct):
        fields = _fields(found)
        return any(is_made_text(dtype, fields[name]) for name, dtype in _fields(known).items())
    if isinstance(known, pl.List) and isinstance(found, pl.List):
        return is_made_text(_instance(known.inner), _instance(found.inner))
    return bool(found == pl.String)


def _common_scalar(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    if one.is_integer() and other.is_integer():
        return pl.Int128()
    if one.is_numeric() and other.is_numeric() and not (one.is_decimal() or other.is_decimal()):
        return pl.Float64()
    if {one, other} <= {pl.Date(), pl.Datetime("us")}:
        return pl.Datetime("us")
    if {one, other} <= {pl.Time(), pl.Duration("us")}:
        return pl.Duration("us")  # since midnight
    return pl.String()


def aligned(frame: pl.DataFrame, schema: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """The frame with all columns of the schema, in its order and of its types; what is missing is null."""
    columns = {}
    known = {column.name: column for column in frame}  # asking a frame for its names makes them all anew
    for name, dtype in schema.items():
        if name in known:
            columns[name] = _cast(known[name], dtype)
        else:
            columns[name] = pl.Series(name, [None], dtype=pl.Null()).cast(dtype).new_from_index(0, frame.height)
    return pl.DataFrame(columns)  # by their names: one without a name would get another from Polars


def inexact(frame: pl.DataFrame) -> set[str]:
    """The columns of whole numbers with values that no decimal number of 64 bits is equal to."""
    whole = [(number, dtype) for number, dtype in enumerate(frame.dtypes) if dtype.is_integer() and _is_wide(dtype)]
    if not whole or not frame.height:
        return set()
    found = frame.select(
        pl.nth(number)
        .cast(pl.Float64)
        .cast(pl.Int128, strict=False)
        .ne_missing(pl.nth(number).cast(pl.Int128, strict=False))
        .any()
        .alias(str(number))
        for number, _ in whole
    ).row(0)
    names = frame.columns
    return {names[number] for (number, _), is_inexact in zip(whole, found, strict=True) if is_inexact}


def _is_wide(dtype: pl.DataType) -> bool:
    return dtype in {pl.Int64(), pl.UInt64(), pl.Int128(), pl.UInt128()}


def _cast(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if column.dtype == dtype:
        return column
    if dtype != pl.String:
        return _restructured(column, dtype)
    if column.dtype == pl.Boolean:
        return column.cast(pl.String)
    if column.dtype.is_nested():
        return as_json(column)
    if column.dtype == pl.Duration:
        return column.dt.to_string("iso")  # which Polars does not cast
    return column.cast(pl.String)


def _restructured(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Struct) and isinstance(column.dtype, pl.Struct):
        rows = column.struct.unnest()
        fields = aligned(rows, _fields(dtype)).to_struct(column.name)
        return column.to_frame().select(pl.when(column.is_not_null()).then(fields).alias(column.name)).to_series()
    if isinstance(dtype, pl.List) and isinstance(column.dtype, pl.List):
        lengths = column.list.len()
        values = _cast(column.list.explode(empty_as_null=False, keep_nulls=False), _instance(dtype.inner))
        return _regrouped(column, lengths, values)
    return column.cast(dtype)


def _regrouped(column: pl.Series, lengths: pl.Series, values: pl.Series) -> pl.Series:
    """Lists of the given lengths out of the values; a list that was null stays null."""
    rows = pl.DataFrame({"row": pl.int_range(column.len(), eager=True), "length": lengths.fill_null(0)})
    numbers = rows.select(pl.col("row").repeat_by("length").list.explode(empty_as_null=False)).to_series()
    grouped = pl.DataFrame({"row": numbers, "value": values}).group_by("row", maintain_order=True).agg("value")
    joined = rows.join(grouped, on="row", how="left", maintain_order="left").get_column("value")
    empty = pl.Series([[]], dtype=joined.dtype)
    filled = pl.when(column.is_null()).then(None).otherwise(joined.fill_null(empty[0]))
    return pl.DataFrame({"value": joined}).select(filled.alias(column.name)).to_series()


def as_json(column: pl.Series) -> pl.Series:
    """Nested values as JSON text; null stays null."""
    prefix, suffix = '{"v":', "}"
    text = column.alias("v").to_frame().to_struct("v").struct.json_encode()
    inner = text.str.slice(len(prefix)).str.strip_suffix(suffix)
    return (
        pl.DataFrame({"null": column.is_null(), "text": inner})
        .select(pl.when("null").then(None).otherwise("text").alias(column.name))
        .to_series()
    )


def _fields(dtype: pl.Struct) -> dict[str, pl.DataType]:
    return {field.name: _instance(field.dtype) for field in dtype.fields}


def _instance(dtype: Any) -> pl.DataType:
    # Polars takes a class where a type has no parameters.
    found: pl.DataType = dtype if isinstance(dtype, pl.DataType) else dtype()
    return found
