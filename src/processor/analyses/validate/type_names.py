"""Whether columns and values are of the types that rules name."""

from collections.abc import Callable

import polars as pl

from processor.analyses.validate.columns import RuleError
from processor.reading.wished import parsed
from processor.type_words import PLAIN, SIZED, is_text

_CLASSES: dict[str, Callable[[pl.DataType], bool]] = {
    "integer": lambda dtype: dtype.is_integer(),
    "float": lambda dtype: dtype.is_float(),
    "number": lambda dtype: dtype.is_numeric(),
    "text": is_text,
    "boolean": lambda dtype: dtype == pl.Boolean,
    "date": lambda dtype: dtype == pl.Date,
    "datetime": lambda dtype: dtype == pl.Datetime,
    "time": lambda dtype: dtype == pl.Time,
}
# A text may be an integer of any size, though a file is read with those of 64 bits alone.
_CAST = {**PLAIN, "integer": pl.Int128(), "number": pl.Float64()}
_EXACT = dict(SIZED) | {
    str(dtype()): dtype()
    for dtype in (
        *(pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Int128, pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64),
        *(pl.Float32, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Time, pl.Binary),
    )
}


def name_of_type(dtype: pl.DataType) -> str:
    """The plain word for a type; for what has none, what Polars calls it."""
    for name, belongs in _CLASSES.items():
        if name not in {"float", "number"} and belongs(dtype):
            return name
    return "number" if dtype.is_numeric() else str(dtype)


def is_of_type(dtype: pl.DataType, wanted: str) -> bool:
    """True where a column of this type is what the name means; sizes and any name that Polars prints are known, too."""
    if wanted in _CLASSES:
        return bool(_CLASSES[wanted](dtype))
    return dtype == SIZED[wanted] if wanted in SIZED else str(dtype) == wanted


def misfits(values: pl.Expr, dtype: pl.DataType, wanted: str) -> pl.Expr:
    """True for each value that is not of the type and, being text, cannot be read as such.

    Raises:
        RuleError: nobody knows a type of this name.
    """
    check_name(wanted)
    if is_of_type(dtype, wanted):
        return pl.lit(value=False) & values.is_not_null()
    if is_text(dtype) and wanted in _CAST | _EXACT:
        return parsed(values.cast(pl.String), (_CAST | _EXACT)[wanted]).is_null()
    if dtype.is_float() and wanted == "integer":
        return ~values.is_finite() | (values != values.round(0))
    return pl.lit(value=True) | values.is_not_null()


def check_name(wanted: str) -> None:
    """Pass if there is a type of this name; those with brackets are not looked at closer.

    Raises:
        RuleError: there is none.
    """
    if wanted not in _CLASSES and wanted not in _EXACT and "(" not in wanted:
        raise RuleError("There is no type of this name.")
