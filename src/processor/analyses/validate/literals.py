"""Values of a rule, which come as JSON, as values of the column that they are compared with.

Whole numbers, decimals and times are compared as the whole numbers that Polars keeps of them, with the bound in the
same unit: exact at any size, to the nanosecond, in any zone, and for bounds that no value of the column can reach.
"""

import datetime as dt
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil, floor, isfinite
from types import MappingProxyType
from typing import Final, TypeVar

import polars as pl

from processor.analyses.validate.columns import RuleError
from processor.analyses.validate.params import aware

Given = bool | int | float | str
Comparison = Callable[[pl.Expr, pl.Expr], pl.Expr]
# How a bound between two whole numbers becomes one of them, by how values are compared with it.
ROUNDED: Final[Mapping[Comparison, Callable[[Fraction], int]]] = MappingProxyType(
    {operator.ge: ceil, operator.gt: floor, operator.le: floor, operator.lt: ceil}
)
_Moment = TypeVar("_Moment", dt.datetime, dt.time)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)
_PER_MICROSECOND = {"ms": Fraction(1, 1000), "us": Fraction(1), "ns": Fraction(1000)}
_BELOW_A_MICROSECOND = re.compile(r"(?<=[.,]\d{6})\d+")  # which Python's own times do not have
_MOST = (1 << 127) - 1
_MOST_EXPONENT = 38  # above 2^127
_LEAST_EXPONENT = -400  # below the smallest float; more would be work without end


def is_bounded(values: pl.Expr, compare: Comparison, bound: Given, dtype: pl.DataType) -> pl.Expr:
    """Whether values of a column of this type compare so with a bound; `compare` is one of `ROUNDED`.

    Raises:
        RuleError: the bound is of another sort.
    """
    if _has_units(dtype):
        return compare(values.to_physical(), _whole(ROUNDED[compare](_units(bound, dtype))))
    return compare(values, _literal(bound, dtype))


def is_among(values: pl.Expr, given: Sequence[Given], dtype: pl.DataType) -> pl.Expr:
    """Whether values of a column of this type are among those given; one that it cannot have is passed over.

    Raises:
        RuleError: one is of another sort.
    """
    if _has_units(dtype):
        units = [_units(one, dtype) for one in given]
        kept = [int(one) for one in units if one.denominator == 1]
        physical = pl.Int128() if dtype.is_decimal() else pl.Int64() if dtype.is_temporal() else dtype
        members = pl.Series(kept, dtype=physical, strict=False).drop_nulls()
        return values.to_physical().is_in(members.implode())
    if dtype.is_float():
        members = pl.Series([float(_number(one)) for one in given], dtype=pl.Float64).cast(dtype)
        return values.is_in(members.implode())
    return values.is_in(pl.Series([_same_sort(one, dtype) for one in given], dtype=dtype).implode())


def _has_units(dtype: pl.DataType) -> bool:
    return dtype.is_integer() or dtype.is_decimal() or isinstance(dtype, pl.Datetime | pl.Time)


def _units(given: Given, dtype: pl.DataType) -> Fraction:
    """The value as a number of the smallest steps that the type has."""
    if isinstance(dtype, pl.Datetime | pl.Time):
        unit = dtype.time_unit if isinstance(dtype, pl.Datetime) else "ns"
        return _microseconds(given, dtype) * _PER_MICROSECOND[unit]
    number = Fraction(_number(given))
    return number * 10**dtype.scale if isinstance(dtype, pl.Decimal) else number


def _microseconds(given: Given, dtype: pl.DataType) -> Fraction:
    """How many are from 1970 to a moment, or from midnight to a time of day."""
    moment = _same_sort(given, dtype)
    if isinstance(moment, dt.time):
        moment = dt.datetime.combine(_EPOCH, moment)
    assert isinstance(moment, dt.datetime)
    finer = _BELOW_A_MICROSECOND.search(str(given))
    return (aware(moment) - _EPOCH) // _MICROSECOND + Fraction(f"0.{finer[0]}" if finer else 0)


def _whole(number: int) -> pl.Expr:
    small = -(1 << 63) <= number < 1 << 63
    return pl.lit(number) if small else pl.lit(max(-_MOST, min(_MOST, number)), dtype=pl.Int128)


def _literal(given: Given, dtype: pl.DataType) -> pl.Expr:
    if not dtype.is_float():
        return pl.lit(_same_sort(given, dtype), dtype=dtype)
    number = float(_number(given))
    # As the column would hold it: 0.1 as a Float32 is another number than 0.1 as a Float64.
    near = pl.Series([number], dtype=pl.Float64).cast(dtype).item()
    return pl.lit(near, dtype=dtype) if isfinite(near) else pl.lit(number, dtype=pl.Float64)


def _number(value: Given) -> int | Decimal:
    if isinstance(value, bool):
        raise RuleError("The column holds numbers; the rule gives a truth value.")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise RuleError("The column holds numbers; the rule gives a text.") from None
    # By its exponent first: of those beyond what a Decimal computes with, not even the size is to be had.
    sized = number.is_finite() and _LEAST_EXPONENT <= number.adjusted() <= _MOST_EXPONENT
    if not sized or number.copy_abs() >= 2**127:
        raise RuleError("The rule gives a number that is too large, too small, or none.")
    return int(number) if number == number.to_integral_value() else number


def _same_sort(value: Given, dtype: pl.DataType) -> object:
    if dtype == pl.Boolean and isinstance(value, bool):
        return value
    if not isinstance(value, str) or dtype == pl.Boolean:
        raise RuleError(f"The column is {dtype}; the rule gives a value of another sort.")
    if dtype == pl.String:
        return value
    try:
        return _time(value, dtype)
    except ValueError:
        raise RuleError(f"The column is {dtype}; the rule gives a text that is not ISO 8601.") from None


def _time(text: str, dtype: pl.DataType) -> object:
    if dtype == pl.Date:
        return dt.date.fromisoformat(text)
    if dtype == pl.Time:
        return _without_zone(dt.time.fromisoformat(text))
    if isinstance(dtype, pl.Datetime):
        moment = dt.datetime.fromisoformat(text)
        return aware(moment) if dtype.time_zone else _without_zone(moment)
    raise RuleError(f"Columns of the type {dtype} cannot be compared with a value.")


def _without_zone(moment: _Moment) -> _Moment:
    if moment.tzinfo:
        raise RuleError("The column has times without a zone; the rule gives one with a zone.")
    return moment
