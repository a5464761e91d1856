"""What stands for a value where it is counted: itself, or a text or number that is the same for equal values."""

import polars as pl

from processor.analyses.profile.shapes import Shape, shape_of

_LONGEST_BYTES = 100
_PREFIX_BYTES = 64


def key_type(dtype: pl.DataType) -> pl.DataType:
    """The type of the keys of a column."""
    match shape_of(dtype):
        case Shape.CATEGORY | Shape.BINARY:
            return pl.String()
        case Shape.LIST | Shape.STRUCT | Shape.OTHER:
            return pl.String() if _is_writable(dtype) else pl.UInt64()
    return dtype


def keys(values: pl.Series) -> pl.Series:
    """One key a value, none of them null: categories as text, binary in hexadecimal, nested values as JSON.

    Binary of more than 100 bytes is told apart by its first 64 and a hash of 64 bits; what JSON cannot hold, by a hash.
    """
    match shape_of(values.dtype):
        case Shape.CATEGORY:
            return values.cast(pl.String)
        case Shape.BINARY:
            return _hexadecimal(values)
        case Shape.LIST | Shape.STRUCT | Shape.OTHER:
            return as_json(values) if _is_writable(values.dtype) else values.hash()
    return values


def is_shown(dtype: pl.DataType) -> bool:
    """True where keys can be read by people."""
    return key_type(dtype) != pl.UInt64 or dtype == pl.UInt64


def as_json(values: pl.Series) -> pl.Series:
    """Nested values as JSON."""
    wrapped = values.alias("v").to_frame().select(pl.struct("v").struct.json_encode()).to_series()
    return wrapped.str.slice(len('{"v":')).str.head(-1)


def _hexadecimal(values: pl.Series) -> pl.Series:
    text = values.bin.encode("hex")
    if bool((values.bin.size() <= _LONGEST_BYTES).all()):
        return text
    frame = pl.DataFrame({"text": text, "hash": values.hash(), "size": values.bin.size()})
    cut = pl.concat_str(pl.col("text").str.head(2 * _PREFIX_BYTES), pl.lit("…"), pl.col("hash").cast(pl.String))
    return frame.select(pl.when(pl.col("size") > _LONGEST_BYTES).then(cut).otherwise("text")).to_series()


def _is_writable(dtype: pl.DataType) -> bool:
    match dtype:
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return _is_writable(inner)  # type: ignore[arg-type]  # types of a schema are instances
        case pl.Map(key=key, value=inner):
            return key == pl.String and _is_writable(inner)  # type: ignore[arg-type]  # as above
        case pl.Struct(fields=fields):
            return all(_is_writable(field.dtype) for field in fields)  # type: ignore[arg-type]  # as above
    # JSON has no NaN, so floats would lose what tells them apart.
    return dtype.is_integer() or dtype in (pl.String, pl.Boolean, pl.Null)
