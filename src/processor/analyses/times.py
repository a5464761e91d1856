"""Times as texts, and those that Python has no value for.

Python knows the years 1 to 9999. Polars knows those that its integers reach, and writes the ones within 260,000 years
of ours; it panics over the others.
"""

from typing import Final

import polars as pl

from processor.writing.nested import leaves, rebuild

_DAYS: Final = 95_000_000
_UNITS: Final = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SECONDS_A_DAY: Final = 86_400


def iso(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A time in ISO 8601; what is further away than a calendar reaches is told as a count since 1970."""
    if isinstance(dtype, pl.Date | pl.Datetime):
        far = pl.format(f"{{}} {_reach(dtype)[0]} after 1970-01-01", value.to_physical())
        return near(value, dtype).dt.to_string("iso:strict").fill_null(far)
    return value.dt.to_string("iso:strict")


def near(value: pl.Expr, dtype: pl.Date | pl.Datetime) -> pl.Expr:
    """A day or a moment that a calendar reaches; null for others, over whose texts Polars panics."""
    most = _reach(dtype)[1]
    return pl.when(value.to_physical().is_between(-most, most)).then(value)


def time_texts(values: pl.Series) -> list[str | None]:
    """A column of times as ISO 8601."""
    return values.to_frame("value").select(iso(pl.col("value"), values.dtype))["value"].to_list()


def rows_of_values(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """The rows as values of Python; where it has none for a time, all times of the frame are texts."""
    try:
        return frame.rows()
    except (ValueError, OverflowError):
        return _told(frame).rows()


def listed_values(values: pl.Series) -> list[object]:
    """A column as values of Python; where it has none for a time, all times in it are texts."""
    return [row[0] for row in rows_of_values(values.to_frame())]


def _told(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with its times, however deep, as texts."""
    texts = [
        rebuild(pl.nth(place), dtype, _text).alias(name)
        for place, (name, dtype) in enumerate(frame.schema.items())
        if any(leaf.is_temporal() for leaf in leaves(dtype))
    ]
    return frame.with_columns(texts)


def _text(leaf: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    return iso(leaf, dtype) if dtype.is_temporal() else leaf


def _reach(dtype: pl.Date | pl.Datetime) -> tuple[str, int]:
    if isinstance(dtype, pl.Date):
        return "days", _DAYS
    most = _DAYS * _SECONDS_A_DAY * _UNITS[dtype.time_unit]
    return dtype.time_unit, min(most, (1 << 63) - 1)
