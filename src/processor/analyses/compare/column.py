"""One column of the rows that belong together: where its two values differ."""

from dataclasses import dataclass
from typing import Final

import polars as pl

from processor.analyses.compare.difference import distance, is_close, is_unequal
from processor.analyses.compare.match import LEFT, RIGHT, Matches
from processor.analyses.compare.pair import Pair
from processor.analyses.compare.shard import at_once

_SLICE: Final = 1 << 19  # rows that are compared at a time, on each thread: what is made of them is small


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of a column in a shard.

    Attributes:
        changed: how many of the matches differ in it.
        flags: whether each does, in their order; None where none does.
        largest: the largest difference of numbers; None where there is none.
    """

    changed: int
    flags: pl.Series | None
    largest: float | None


def differing(pair: Pair, before: pl.Series, after: pl.Series, matches: Matches) -> Found:
    """Where the values of a column differ.

    Args:
        pair: the column.
        before: all of its values in the left shard.
        after: all of its values in the right one.
        matches: the rows that belong together.
    """
    after = after.rechunk()  # rows are picked out of it in any order

    def look(start: int) -> tuple[pl.Series, float | None]:
        places = [None if side is None else side.slice(start, _SLICE) for side in (matches.left, matches.right)]
        one, other = (
            column.slice(start, _SLICE) if rows is None else column.gather(rows)
            for column, rows in zip((before, after), places, strict=True)
        )
        return _differing(pair, pl.DataFrame([one.alias(LEFT + pair.place), other.alias(RIGHT + pair.place)]))

    found = at_once(look, range(0, matches.count, _SLICE))
    changed = sum(int(flags.sum()) for flags, _ in found)
    flags = pl.concat([flags for flags, _ in found]) if changed else None
    return Found(changed, flags, max((largest for _, largest in found if largest is not None), default=None))


def _differing(pair: Pair, values: pl.DataFrame) -> tuple[pl.Series, float | None]:
    flags = values.select(is_unequal(pair)).to_series()
    if not flags.any():
        return flags, None
    places = flags.arg_true()
    close = is_close(pair)
    if close is not None:
        # Asked of those alone that are not equal: mostly few, and to say how far is dear.
        places = places.filter(~values[places].select(close).to_series())
        flags = pl.repeat(value=False, n=flags.len(), eager=True).scatter(places, True)  # noqa: FBT003 - a value
    apart = distance(pair)
    if apart is None or not places.len():
        return flags, None
    return flags, values[places].select(apart.fill_nan(None).max()).item()
