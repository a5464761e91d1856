"""Matches the rows of two shards: by keys, or, without keys, whole rows.

Rows that share their key with others are matched in the order of their values, so that the same rows in another order
are the same. A key that comes twice on the left and three times on the right leaves one row on the right over.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_

import polars as pl

from processor.analyses.compare.columns import Pair
from processor.analyses.rows import ROW

LEFT, RIGHT = "l ", "r "
_NTH = "n"


def matched(left: pl.DataFrame, right: pl.DataFrame, pairs: Sequence[Pair]) -> pl.DataFrame:
    """One row a match: the columns of both with `l ` and `r ` before their names; nulls for what has no counterpart."""
    keys = [pair for pair in pairs if pair.is_key] or list(pairs)
    sides = []
    repeated = repeats(left, keys).height + repeats(right, keys).height > 0
    for frame, prefix in ((left, LEFT), (right, RIGHT)):
        keyed = frame.with_columns(pair.value().alias(f"k{place}") for place, pair in enumerate(keys))
        names = [f"k{place}" for place in range(len(keys))]
        if repeated:
            order = [pair.value().alias(f"o{place}") for place, pair in enumerate(pairs) if pair not in keys]
            sorted_ = keyed.with_columns(order).sort(
                [*names, *(f"o{p}" for p, q in enumerate(pairs) if q not in keys), ROW]
            )
            keyed = sorted_.with_columns(pl.int_range(pl.len()).over(names).alias(_NTH)).select(*keyed.columns, _NTH)
        else:
            keyed = keyed.with_columns(pl.lit(0, dtype=pl.Int64).alias(_NTH))
        sides.append(keyed.rename({name: prefix + name for name in frame.columns}))
    on = [f"k{place}" for place in range(len(keys))] + [_NTH]
    return sides[0].join(sides[1], on=on, how="full", nulls_equal=True, coalesce=True).drop(on)


def repeats(frame: pl.DataFrame, keys: Sequence[Pair]) -> pl.DataFrame:
    """Keys that come more than once, with how often (`count`) and the first row (`row`)."""
    named = frame.select(*(pair.value().alias(f"k{place}") for place, pair in enumerate(keys)), ROW)
    counted = named.group_by([f"k{place}" for place in range(len(keys))]).agg(
        pl.len().alias("count"), pl.col(ROW).min().alias("row")
    )
    return counted.filter(pl.col("count") > 1)


def only(prefix: str) -> pl.Expr:
    """True for rows that have no counterpart on the other side."""
    other = RIGHT if prefix == LEFT else LEFT
    return pl.col(other + ROW).is_null()


def both() -> pl.Expr:
    """True for rows that have a counterpart."""
    return pl.col(LEFT + ROW).is_not_null() & pl.col(RIGHT + ROW).is_not_null()


def differs(pair: Pair) -> pl.Expr:
    """True where the two values of a column are not equal, and not close; null equals null, and NaN equals NaN."""
    left, right = pair.value(LEFT + pair.place), pair.value(RIGHT + pair.place)
    same = left.eq_missing(right)
    if pair.closeness.is_loose and (pair.dtype.is_numeric() or pair.dtype in (pl.Date, pl.Datetime)):
        same |= _is_close(pair, left, right).fill_null(value=False)
    return ~same


def changed(pairs: Sequence[Pair]) -> pl.Expr:
    """True where any column differs."""
    return reduce(or_, (differs(pair) for pair in pairs), pl.lit(value=False))


def distance(pair: Pair) -> pl.Expr | None:
    """How far two numbers are apart; None for what is no number."""
    if not pair.dtype.is_numeric():
        return None
    left, right = pair.value(LEFT + pair.place), pair.value(RIGHT + pair.place)
    if pair.dtype.is_integer():
        left, right = left.cast(pl.Int128), right.cast(pl.Int128)
    return (left - right).abs().cast(pl.Float64)


def _is_close(pair: Pair, left: pl.Expr, right: pl.Expr) -> pl.Expr:
    absolute, relative = pair.closeness.absolute, pair.closeness.relative
    apart = distance(pair)
    if apart is None:
        moment = pl.Datetime("us", getattr(pair.dtype, "time_zone", None))
        seconds = (left.cast(moment) - right.cast(moment)).abs().dt.total_microseconds() / 1e6
        return seconds <= absolute
    close = apart <= absolute + relative * right.cast(pl.Float64).abs()
    # What is infinitely far from everything is close to nothing.
    return close & left.is_finite() & right.is_finite() if pair.dtype.is_float() else close
