"""Numbers of types that no third type holds together, compared exactly: 2^53 + 1 is no float, and 0.1 is a decimal.

A number is told as a text that two numbers share only where they are the same: its digits, where a type of whole
numbers (or of decimals) holds it, and else what its own type says, behind a mark: at most one of two types has numbers
that the whole one does not hold. A float stands for the shortest decimal that reads
as it, so 0.1 equals a decimal 0.10.
"""

from typing import Final

import polars as pl

_MOST_DIGITS: Final = 38
_NOT_WHOLE: Final = "~"
_NARROW: Final = (pl.Int8, pl.Int16, pl.Int32, pl.UInt8, pl.UInt16, pl.UInt32)


def common_whole(left: pl.DataType, right: pl.DataType) -> pl.DataType:
    """What holds all that numbers of both types have in common, apart from fractions of floats; or Float64."""
    if all(side.is_float() or side in _NARROW for side in (left, right)):
        return pl.Float64()
    if left.is_decimal() or right.is_decimal():
        return pl.Decimal(_MOST_DIGITS, max(getattr(side, "scale", 0) for side in (left, right)))
    return pl.UInt128() if pl.UInt128 in {left, right} else pl.Int128()


def as_whole(number: pl.Expr, whole: pl.DataType) -> pl.Expr:
    """A number as what `common_whole` gave; null where that does not hold it exactly."""
    if whole.is_decimal():
        # By their texts: Polars casts a decimal to a float, and back, with two roundings.
        text = number.cast(pl.String)
        same = text.cast(whole, strict=False)
        is_exact = same.cast(pl.String).cast(pl.Float64) == text.cast(pl.Float64)
    else:
        same = number.cast(whole, strict=False)
        is_exact = same == number
    return pl.when(is_exact).then(same)


def as_exact_text(number: pl.Expr, whole: pl.DataType) -> pl.Expr:
    """A text that is equal for two numbers where they are; null for null."""
    return pl.coalesce(as_whole(number, whole).cast(pl.String), pl.lit(_NOT_WHOLE) + number.cast(pl.String))


def as_hashed(number: pl.Expr) -> pl.Expr:
    """Something to hash, which is equal for two numbers where they are; of any column, whatever it holds."""
    return number.cast(pl.String, strict=False).cast(pl.Float64, strict=False)


def exact_distance(left: pl.Expr, right: pl.Expr, whole: pl.DataType) -> pl.Expr:
    """How far two numbers are apart, as a float that was rounded once where both are whole."""
    apart = whole_distance(as_whole(left, whole), as_whole(right, whole), whole)
    if whole.is_decimal():
        left, right = left.cast(pl.String), right.cast(pl.String)  # what a short float stands for, as above
    return pl.coalesce(apart, (left.cast(pl.Float64) - right.cast(pl.Float64)).abs())


def whole_distance(left: pl.Expr, right: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """How far two whole numbers or decimals of one type are apart, as a float; null where one is missing.

    It is rounded where no float holds it, and of decimals once more. What 128 bits do not hold is told by floats.
    """
    if isinstance(dtype, pl.Decimal):
        # Their digits are whole numbers; a difference of decimals is an error where it has more than 38 of them.
        digits = _gap(left.to_physical(), right.to_physical())
        return digits / 10.0**dtype.scale
    if dtype in (pl.Int128, pl.UInt128):
        return _gap(left, right)
    return (left.cast(pl.Int128) - right.cast(pl.Int128)).abs().cast(pl.Float64)


def _gap(left: pl.Expr, right: pl.Expr) -> pl.Expr:
    gap = pl.when(left >= right).then(left - right).otherwise(right - left)
    roughly = (left.cast(pl.Float64) - right.cast(pl.Float64)).abs()
    return pl.when(gap >= 0).then(gap.cast(pl.Float64)).otherwise(roughly)  # below 0 it has gone round 2^127
