"""Matches the rows of two shards: by keys, or, without keys, whole rows.

Rows that share their key with others are matched in the order of their values, so that the same rows in another order
are the same. A key that comes twice on the left and three times on the right leaves one row on the right over.
"""

from collections.abc import Sequence

import polars as pl

from processor.analyses.compare.exact import exact_distance, whole_distance
from processor.analyses.compare.moments import PER_SECOND, counted, unit_of
from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.rows import ROW

LEFT, RIGHT = "l ", "r "
_NTH = "n"


def matched(left: pl.DataFrame, right: pl.DataFrame, pairs: Sequence[Pair], *, repeated: bool) -> pl.DataFrame:
    """One row a match: the columns of both with `l ` and `r ` before their names; nulls for what has no counterpart.

    Args:
        left: a shard of the left table.
        right: the right table's shard of the same keys.
        pairs: the columns.
        repeated: whether a key comes more than once on a side.
    """
    keys = keys_of(pairs)
    on = _named(keys)
    sides = []
    tables: tuple[tuple[pl.DataFrame, str, SideName], ...] = (left, LEFT, "left"), (right, RIGHT, "right")
    for frame, prefix, side in tables:
        keyed = frame.with_columns(pair.same(side).alias(name) for name, pair in zip(on, keys, strict=True))
        if repeated:
            keyed = _counted_off(keyed, keys, [pair for pair in pairs if pair not in keys], side)
        sides.append(keyed.rename({name: prefix + name for name in frame.columns}))
    if repeated:
        on.append(_NTH)
    return sides[0].join(sides[1], on=on, how="full", nulls_equal=True, coalesce=True).drop(on)


def keys_of(pairs: Sequence[Pair]) -> list[Pair]:
    """What rows are matched by: the keys, or where there are none all columns."""
    return [pair for pair in pairs if pair.is_key] or list(pairs)


def _named(keys: Sequence[Pair]) -> list[str]:
    return [f"k{place}" for place in range(len(keys))]


def _counted_off(keyed: pl.DataFrame, keys: Sequence[Pair], others: Sequence[Pair], side: SideName) -> pl.DataFrame:
    """The rows of each key numbered in the order of their values."""
    names = _named(keys)
    order = [value for pair in others for value in pair.order(side)]
    placed = [value.alias(f"o{place}") for place, value in enumerate(order)]
    sorted_ = keyed.with_columns(placed).sort([*names, *(f"o{place}" for place in range(len(order))), ROW])
    return sorted_.with_columns(pl.int_range(pl.len()).over(names).alias(_NTH)).select(*keyed.columns, _NTH)


def repeats(frame: pl.DataFrame, keys: Sequence[Pair], side: SideName) -> pl.DataFrame:
    """Keys that come more than once, as they first are, with how often (`count`) and the first row (`row`)."""
    same = [f"s{place}" for place in range(len(keys))]
    named = frame.select(
        *(pair.same(side).alias(name) for name, pair in zip(same, keys, strict=True)),
        *(pl.col(pair.place).alias(f"k{place}") for place, pair in enumerate(keys)),
        ROW,
    )
    if named.select(same).n_unique() == named.height:  # by far the most often, and quicker than to count each
        named = named.clear()
    first = (pl.col(f"k{place}").first() for place in range(len(keys)))
    counted = named.group_by(same).agg(*first, pl.len().alias("count"), pl.col(ROW).min().alias("row"))
    return counted.filter(pl.col("count") > 1).drop(same)


def only(prefix: str) -> pl.Expr:
    """True for rows that have no counterpart on the other side."""
    other = RIGHT if prefix == LEFT else LEFT
    return pl.col(other + ROW).is_null()


def both() -> pl.Expr:
    """True for rows that have a counterpart."""
    return pl.col(LEFT + ROW).is_not_null() & pl.col(RIGHT + ROW).is_not_null()


def differs(pair: Pair) -> pl.Expr:
    """True where the two values of a column are not equal, and not close; null equals null, and NaN equals NaN."""
    same = pair.same("left", LEFT + pair.place).eq_missing(pair.same("right", RIGHT + pair.place))
    if pair.closeness.is_loose and pair.dtype.is_numeric():
        same |= _is_close(pair).fill_null(value=False)
    elif pair.closeness.absolute and pair.dtype.is_temporal():
        same |= (_seconds_apart(pair) <= pair.closeness.absolute).fill_null(value=False)
    return ~same


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
