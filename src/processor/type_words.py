"""The words for types that people write, in every param of every kind: one word means one type everywhere."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

# What a person would say. `read_options.dtypes` takes these alone: a file is read wide, and made narrow by `convert`.
PLAIN: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "text": pl.String(),
        "integer": pl.Int64(),
        "float": pl.Float64(),
        "boolean": pl.Boolean(),
        "date": pl.Date(),
        "datetime": pl.Datetime("us"),
        "time": pl.Time(),
    }
)
# Where the width matters.
SIZED: Final[Mapping[str, pl.DataType]] = MappingProxyType(
    {
        "int8": pl.Int8(),
        "int16": pl.Int16(),
        "int32": pl.Int32(),
        "int64": pl.Int64(),
        "uint8": pl.UInt8(),
        "uint16": pl.UInt16(),
        "uint32": pl.UInt32(),
        "uint64": pl.UInt64(),
        "float32": pl.Float32(),
        "float64": pl.Float64(),
    }
)


def is_text(dtype: pl.DataType) -> bool:
    """True for what a person calls text, however it is kept.

    Never `dtype in {pl.String, pl.Categorical}`: an instance of Categorical, Enum, Datetime or Decimal has another hash
    than its class, and is in no such set.
    """
    return isinstance(dtype, (pl.String, pl.Categorical, pl.Enum))
