"""When two values of a column differ, and by how much."""

import polars as pl

from processor.analyses.compare.exact import exact_distance, whole_distance
from processor.analyses.compare.match import LEFT, RIGHT
from processor.analyses.compare.moments import PER_SECOND, counted, unit_of
from processor.analyses.compare.pair import Pair


def is_unequal(pair: Pair) -> pl.Expr:
    """True where the two values of a column are not equal; null equals null, and NaN equals NaN."""
    if pair.is_plain_text:  # or its bytes
        return pl.col(LEFT + pair.place).ne_missing(pl.col(RIGHT + pair.place))
    return pair.same("left", LEFT + pair.place).ne_missing(pair.same("right", RIGHT + pair.place))


def is_close(pair: Pair) -> pl.Expr | None:
    """True where two unequal values are close enough to count as equal; None where that is asked of none."""
    if pair.closeness.is_loose and pair.dtype.is_numeric():
        return _is_close(pair).fill_null(value=False)
    if pair.closeness.absolute and pair.dtype.is_temporal():
        return (_seconds_apart(pair) <= pair.closeness.absolute).fill_null(value=False)
    return None


def distance(pair: Pair) -> pl.Expr | None:
    """How far two numbers are apart; None for what is no number."""
    if not pair.dtype.is_numeric():
        return None
    if pair.whole is not None:
        return exact_distance(pl.col(LEFT + pair.place), pl.col(RIGHT + pair.place), pair.whole)
    left, right = _values(pair)
    if pair.dtype.is_float():
        return (left.cast(pl.Float64) - right.cast(pl.Float64)).abs()
    return whole_distance(left, right, pair.dtype)


def _values(pair: Pair) -> tuple[pl.Expr, pl.Expr]:
    return pair.value("left", LEFT + pair.place), pair.value("right", RIGHT + pair.place)


def _is_close(pair: Pair) -> pl.Expr:
    absolute, relative = pair.closeness.absolute, pair.closeness.relative
    apart = distance(pair)
    assert apart is not None
    left, right = (value.cast(pl.Float64) for value in _values(pair))
    close = apart <= absolute + relative * right.abs()
    if not pair.dtype.is_float():
        return close
    if relative:
        # Two floats may be further apart than the largest float, and that be allowed; a quarter of both is one.
        quarters = (left / 4 - right / 4).abs() <= absolute / 4 + relative * (right / 4).abs()
        close = pl.when(apart.is_finite()).then(close).otherwise(quarters)
    # What is infinitely far from everything is close to nothing.
    return close & left.is_finite() & right.is_finite()


def _seconds_apart(pair: Pair) -> pl.Expr:
    unit = max(unit_of(pair.left), unit_of(pair.right), key=PER_SECOND.__getitem__)
    left = counted(pl.col(LEFT + pair.place), pair.left, unit)
    right = counted(pl.col(RIGHT + pair.place), pair.right, unit)
    return (left - right).abs().cast(pl.Float64) / PER_SECOND[unit]
