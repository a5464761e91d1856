"""Values of a rule, which come as JSON, as values of the column that they are compared with."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation

import polars as pl

from processor.analyses.validate.columns import RuleError
from processor.analyses.validate.params import aware

Given = bool | int | float | str


def bound(value: Given, dtype: pl.DataType) -> pl.Expr:
    """One value to compare a column of this type with.

    Raises:
        RuleError: it is of another sort.
    """
    if dtype.is_numeric():
        number = _number(value)
        if dtype.is_float():
            return pl.lit(float(number), dtype=pl.Float64)
        if isinstance(number, Decimal) and not dtype.is_decimal():
            return pl.lit(float(number), dtype=pl.Float64)
        return pl.lit(number)
    return pl.lit(_same_sort(value, dtype), dtype=dtype)


def members(values: Sequence[Given], dtype: pl.DataType) -> pl.Series:
    """The values that a column of this type can have at all, in its type.

    Raises:
        RuleError: one is of another sort.
    """
    if dtype.is_float():
        return pl.Series([float(_number(value)) for value in values], dtype=pl.Float64).cast(dtype)
    if dtype.is_numeric():
        numbers = [_number(value) for value in values]
        candidates = [pl.Series([number], strict=False).cast(dtype, strict=False) for number in numbers]
        kept = [one for one, number in zip(candidates, numbers, strict=True) if one[0] == number]
        return pl.concat(kept) if kept else pl.Series(dtype=dtype)
    return pl.Series([_same_sort(value, dtype) for value in values], dtype=dtype)


def _number(value: Given) -> int | Decimal:
    if isinstance(value, bool):
        raise RuleError("The column holds numbers; the rule gives a truth value.")
    try:
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    except InvalidOperation:
        raise RuleError("The column holds numbers; the rule gives a text.") from None
    if not number.is_finite() or abs(number) >= 2**127:
        raise RuleError("The rule gives a number that is too large, or none.")
    return int(number) if number == number.to_integral_value() else number


def _same_sort(value: Given, dtype: pl.DataType) -> object:
    if dtype == pl.Boolean and isinstance(value, bool):
        return value
    if not isinstance(value, str) or dtype == pl.Boolean:
        raise RuleError(f"The column is {dtype}; the rule gives a value of another sort.")
    if dtype in {pl.String, pl.Categorical, pl.Enum}:
        return value
    try:
        return _time(value, dtype)
    except ValueError:
        raise RuleError(f"The column is {dtype}; the rule gives a text that is not ISO 8601.") from None


def _time(text: str, dtype: pl.DataType) -> object:
    if dtype == pl.Date:
        return dt.date.fromisoformat(text)
    if dtype == pl.Time:
        return dt.time.fromisoformat(text)
    if isinstance(dtype, pl.Datetime):
        moment = dt.datetime.fromisoformat(text)
        if dtype.time_zone:
            return aware(moment)
        if moment.tzinfo:
            raise RuleError("The column has times without a zone; the rule gives one with a zone.")
        return moment
    raise RuleError(f"Columns of the type {dtype} cannot be compared with a value.")
