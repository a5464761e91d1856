"""Which rows of two shards belong together: those with equal keys, or, without keys, those that are equal as a whole.

Where no key comes twice, keys are told apart by a number of 64 bits: the key itself where it is one, else its hash.
Rows that share a hash are then looked at once more, so that a chance meeting of hashes is found out; only then, and
where a key does come twice, are the keys themselves joined (`matched_by_values`).

Rows that share their key with others are matched in the order of their values, so that the same rows in another order
are the same. A key that comes twice on the left and three times on the right leaves one row on the right over.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.compare.shard import Shard, at_once
from processor.analyses.rows import ROW

LEFT, RIGHT = "l ", "r "
_NTH: Final = "n"
_PLACE: Final = "place"
_PLACES: Final = pl.UInt32()
_WIDEST: Final = 4  # a table of places by number may have so many for each row


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """Rows by their places in two shards.

    Attributes:
        left: of those that have a counterpart, in their order; None for all rows of the shard.
        right: of their counterparts; None for all rows of the shard in their order.
        count: how many they are.
        only_left: of those that have none, in their order.
        only_right: the same of the other shard.
    """

    left: pl.Series | None
    right: pl.Series | None
    count: int
    only_left: pl.Series
    only_right: pl.Series


def keys_of(pairs: Sequence[Pair]) -> list[Pair]:
    """What rows are matched by: the keys, or where there are none all columns."""
    return [pair for pair in pairs if pair.is_key] or list(pairs)


def matched(
    left: Shard, right: Shard, keys: Sequence[Pair], *, hashed: Callable[[pl.Expr], pl.Expr] = pl.Expr.hash
) -> Matches | None:
    """The rows that belong together; None where a key comes more than once, or two keys share a hash.

    Args:
        left: the left shard.
        right: the right shard.
        keys: what they are matched by.
        hashed: makes numbers of keys.
    """
    is_number = len(keys) == 1 and _is_number(keys[0])
    sides: tuple[tuple[Shard, SideName], ...] = (left, "left"), (right, "right")

    def numbers(side: SideName) -> pl.Expr:
        return keys[0].same(side).to_physical() if is_number else hashed(_as_one(keys, side))

    ours, theirs = at_once(lambda side: side[0].column(numbers(side[1])), sides)
    found = _by_numbers(ours, theirs)
    if found is not None and not is_number and not all(_are_equal(found, left, right, key) for key in keys):
        return None
    return found


def _is_number(key: Pair) -> bool:
    """True where the values of a key are whole numbers of at most 64 bits in both tables, or times of one type."""
    whole = key.dtype.is_integer() and key.dtype not in (pl.Int128, pl.UInt128)
    return whole or (key.left == key.right and key.dtype in (pl.Date, pl.Datetime, pl.Duration, pl.Time))


def _as_one(keys: Sequence[Pair], side: SideName) -> pl.Expr:
    same = [key.same(side).alias(name) for name, key in zip(_named(keys), keys, strict=True)]
    return same[0] if len(same) == 1 else pl.struct(same)


def _by_numbers(ours: pl.Series, theirs: pl.Series) -> Matches | None:
    none = pl.Series([], dtype=_PLACES)
    if ours.len() == theirs.len() and ours.eq_missing(theirs).all() and _is_unique(ours):
        return Matches(left=None, right=None, count=ours.len(), only_left=none, only_right=none)
    counterparts = _by_table(ours, theirs) if _is_dense(ours, theirs) else _by_join(ours, theirs)
    if counterparts is None:
        return None
    is_found = counterparts.is_not_null()
    right = counterparts.drop_nulls()
    is_met = pl.repeat(value=False, n=theirs.len(), eager=True).scatter(right, True)  # noqa: FBT003 - a value
    only_left = (~is_found).arg_true()
    if int(is_met.sum()) < right.len() or not _is_unique(ours.gather(only_left)):
        return None
    left = is_found.arg_true() if only_left.len() else None
    return Matches(left=left, right=right, count=right.len(), only_left=only_left, only_right=(~is_met).arg_true())


def _is_unique(numbers: pl.Series) -> bool:
    if numbers.len() < 2:
        return True
    # Null where one of two is null, which says nothing.
    ascends = not numbers.null_count() and bool((numbers.slice(1) > numbers.slice(0, numbers.len() - 1)).all())
    return ascends or numbers.n_unique() == numbers.len()


def _is_dense(ours: pl.Series, theirs: pl.Series) -> bool:
    """True for numbers that lie close together, as those that a database counts its rows with."""
    if not ours.len() or not theirs.len() or ours.null_count() or theirs.null_count():
        return False
    low, high = _range(ours, theirs)
    return high < 1 << 63 and high - low < _WIDEST * max(ours.len(), theirs.len())


def _range(ours: pl.Series, theirs: pl.Series) -> tuple[int, int]:
    lows, highs = zip(*((int(side.min()), int(side.max())) for side in (ours, theirs)), strict=True)  # type: ignore[arg-type]  # numbers
    return min(lows), max(highs)


def _by_table(ours: pl.Series, theirs: pl.Series) -> pl.Series | None:
    """The places of our counterparts, looked up in a table of places by number; None where one of theirs repeats."""
    low, high = _range(ours, theirs)
    table = pl.repeat(None, high - low + 1, dtype=_PLACES, eager=True)
    table = table.scatter((theirs.cast(pl.Int64) - low).cast(_PLACES), _counted(theirs.len()))
    if table.len() - table.null_count() < theirs.len():
        return None
    return table.gather((ours.cast(pl.Int64) - low).cast(_PLACES))


def _by_join(ours: pl.Series, theirs: pl.Series) -> pl.Series | None:
    if not _is_unique(theirs):
        return None
    left, right = (
        pl.LazyFrame({"key": side, name: _counted(side.len())}) for side, name in ((ours, LEFT), (theirs, RIGHT))
    )
    joined = left.join(right, on="key", nulls_equal=True).select(LEFT, RIGHT).collect(engine="streaming")
    return pl.repeat(None, ours.len(), dtype=_PLACES, eager=True).scatter(joined[LEFT], joined[RIGHT])


def _counted(rows: int) -> pl.Series:
    return pl.int_range(rows, dtype=_PLACES, eager=True)


def _are_equal(matches: Matches, left: Shard, right: Shard, key: Pair) -> bool:
    """Whether a key is equal in all rows that share a hash."""
    sides: tuple[tuple[Shard, SideName], ...] = (left, "left"), (right, "right")
    ours, theirs = at_once(lambda side: side[0].column(key.same(side[1])), sides)
    return bool(at_places(ours, matches.left).eq_missing(at_places(theirs, matches.right)).all())


def at_places(values: pl.Series, places: pl.Series | None) -> pl.Series:
    """The values at some places; at None all."""
    return values if places is None else values.gather(places)


def matched_by_values(left: Shard, right: Shard, pairs: Sequence[Pair]) -> Matches:
    """The rows that belong together where keys may come more than once: the nth of one with the nth of the other."""
    keys = keys_of(pairs)
    others = [pair for pair in pairs if pair not in keys]
    ours, theirs = (_counted_off(left, keys, others, "left"), _counted_off(right, keys, others, "right"))
    on = [*_named(keys), _NTH]
    joined = ours.rename({_PLACE: LEFT}).join(
        theirs.rename({_PLACE: RIGHT}), on=on, how="full", nulls_equal=True, coalesce=True
    )
    places = joined.select(LEFT, RIGHT).sort(LEFT, RIGHT)
    both = places.drop_nulls()
    return Matches(
        left=both[LEFT],
        right=both[RIGHT],
        count=both.height,
        only_left=places.filter(pl.col(RIGHT).is_null())[LEFT],
        only_right=places.filter(pl.col(LEFT).is_null())[RIGHT],
    )


def _named(keys: Sequence[Pair]) -> list[str]:
    return [f"k{place}" for place in range(len(keys))]


def _counted_off(shard: Shard, keys: Sequence[Pair], others: Sequence[Pair], side: SideName) -> pl.DataFrame:
    """The rows of each key numbered in the order of their values."""
    names = _named(keys)
    order = [value for pair in others for value in pair.order(side)]
    keyed = shard.columns(
        [
            *(pair.same(side).alias(name) for name, pair in zip(names, keys, strict=True)),
            *(value.alias(f"o{place}") for place, value in enumerate(order)),
        ]
    ).with_columns(_counted(shard.rows).alias(_PLACE))
    sorted_ = keyed.sort([*names, *(f"o{place}" for place in range(len(order))), _PLACE])
    return sorted_.select(*names, pl.int_range(pl.len()).over(names).alias(_NTH), _PLACE)


def repeats(shard: Shard, keys: Sequence[Pair], side: SideName) -> pl.DataFrame:
    """Keys that come more than once, as they first are, with how often (`count`) and the first row (`row`)."""
    same = [f"s{place}" for place in range(len(keys))]
    named = shard.columns(
        [
            *(pair.same(side).alias(name) for name, pair in zip(same, keys, strict=True)),
            *(pl.col(pair.place).alias(f"k{place}") for place, pair in enumerate(keys)),
            pl.col(ROW),
        ]
    )
    first = (pl.col(f"k{place}").first() for place in range(len(keys)))
    counted = named.group_by(same).agg(*first, pl.len().alias("count"), pl.col(ROW).min().alias("row"))
    return counted.filter(pl.col("count") > 1).drop(same)
