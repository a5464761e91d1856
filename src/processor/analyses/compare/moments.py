"""Times of two types, counted in one unit that loses none of either: a microsecond more is another time.

A count is a whole number of 128 bits, so that milliseconds of the year 3,000,000 meet nanoseconds without an overflow.
"""

from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from polars._typing import TimeUnit

PER_SECOND: Final[dict["TimeUnit", int]] = {"ms": 10**3, "us": 10**6, "ns": 10**9}
_SECONDS_A_DAY: Final = 86_400


def common_time(left: pl.DataType, right: pl.DataType) -> pl.DataType | None:
    """The type of two times in the finer unit of both; None where they are of different sorts."""
    if isinstance(left, pl.Duration) and isinstance(right, pl.Duration):
        return pl.Duration(_finer(left, right))
    if _is_day_or_time(left) and _is_day_or_time(right):
        return pl.Datetime(_finer(left, right))
    if isinstance(left, pl.Datetime) and isinstance(right, pl.Datetime) and left.time_zone and right.time_zone:
        return pl.Datetime(_finer(left, right), "UTC")
    return None


def counted_in(left: pl.DataType, right: pl.DataType, common: pl.DataType) -> "TimeUnit | None":
    """The unit that times are counted in where their types have different ones; else None."""
    if not isinstance(common, pl.Datetime | pl.Duration) or left == right:
        return None
    as_they_are = all(not isinstance(side, pl.Date) and unit_of(side) == common.time_unit for side in (left, right))
    return None if as_they_are else common.time_unit


def unit_of(dtype: pl.DataType) -> "TimeUnit":
    """The unit of a type of times; of days, the coarsest that there is of the others."""
    if isinstance(dtype, pl.Datetime | pl.Duration):
        return dtype.time_unit
    return "ns" if dtype == pl.Time else "ms"


def counted(value: pl.Expr, dtype: pl.DataType, unit: "TimeUnit") -> pl.Expr:
    """How many units a time is after 1970, or after midnight, or long; `unit` is none coarser than its own."""
    count = value.to_physical().cast(pl.Int128)
    if isinstance(dtype, pl.Date):
        return count * (_SECONDS_A_DAY * PER_SECOND[unit])
    return count * (PER_SECOND[unit] // PER_SECOND[unit_of(dtype)])


def times_of(counts: pl.Series, common: pl.DataType, coarser: "TimeUnit") -> pl.Series:
    """Counts as times again, to show them: in the coarser unit of the two where one is too far away for the finer."""
    assert isinstance(common, pl.Datetime | pl.Duration)
    reach = (1 << 63) - 1
    if counts.is_between(-reach, reach).all():
        return counts.cast(pl.Int64).cast(common)
    coarse = counts // (PER_SECOND[common.time_unit] // PER_SECOND[coarser])
    zone = [common.time_zone] if isinstance(common, pl.Datetime) else []
    return coarse.cast(pl.Int64).cast(type(common)(coarser, *zone))


def _finer(left: pl.DataType, right: pl.DataType) -> "TimeUnit":
    return max(unit_of(left), unit_of(right), key=PER_SECOND.__getitem__)


def _is_day_or_time(dtype: pl.DataType) -> bool:
    return dtype == pl.Date or (isinstance(dtype, pl.Datetime) and dtype.time_zone is None)
