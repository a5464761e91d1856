"""The rows of two shards that differ, and those of them that are shown or kept, with their values."""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Final

import polars as pl

from processor.analyses.compare.match import LEFT, RIGHT, Matches
from processor.analyses.compare.pair import Pair
from processor.analyses.compare.shard import Shard, at_once
from processor.analyses.rows import ROW

PAIRED: Final = "paired"
DIFFERS: Final = "d"
_MATCH: Final = "match"


class Differing:
    """What differs in two shards.

    Args:
        matches: the rows that belong together.
        flags: by column, whether each of the matches differs in it; None where none does.

    Attributes:
        changed: how many matches differ in any column.
    """

    def __init__(self, matches: Matches, flags: Sequence[pl.Series | None]) -> None:
        self._matches = matches
        self._flags = flags
        is_changed = [one for one in flags if one is not None]
        none = pl.Series([], dtype=pl.UInt32)
        self._changed = reduce(or_, is_changed).arg_true() if is_changed else none
        self.changed = self._changed.len()

    def rows(self, left: Shard, right: Shard, pairs: Sequence[Pair], *, examples: int, most: int) -> pl.DataFrame:
        """The first of the rows that differ, with the values of both sides.

        Args:
            left: the left shard.
            right: the right shard.
            pairs: the columns.
            examples: so many of each column and of those without a counterpart.
            most: so many of all.

        Returns:
            Columns `l ` and `r ` with the place of each column and with `ROW`, null where there is no counterpart;
            `PAIRED`; and `DIFFERS` with the number of each column: whether it differs.
        """
        sides = (left, LEFT), (right, RIGHT)
        rows = pl.concat([self._shown(examples), self._kept(sides, most)], how="diagonal").unique()
        flags = [_picked(one, rows[_MATCH]).alias(f"{DIFFERS}{number}") for number, one in enumerate(self._flags)]
        wanted = [(*side, name) for name in (*(pair.place for pair in pairs), ROW) for side in sides]
        values = at_once(lambda one: one[0].at(one[2], rows[one[1]]).alias(one[1] + one[2]), wanted)
        return pl.DataFrame([rows[_MATCH].is_not_null().alias(PAIRED), *flags, *values])

    def _shown(self, examples: int) -> pl.DataFrame:
        changed = [flags.arg_true().head(examples) for flags in self._flags if flags is not None]
        return self._places(pl.concat(changed) if changed else self._changed, most=examples)

    def _kept(self, sides: Sequence[tuple[Shard, str]], most: int) -> pl.DataFrame:
        places = self._places(self._changed.head(most), most=most)
        if places.height <= most:
            return places
        numbers = [side.at(ROW, places[prefix]).alias(prefix) for side, prefix in sides]
        order = pl.DataFrame(numbers).select(pl.coalesce(LEFT, RIGHT)).to_series()
        return places[order.arg_sort().head(most)]

    def _places(self, match: pl.Series, *, most: int) -> pl.DataFrame:
        """Places in the matches and in both shards: of some matches, and of so many on each side that have none."""
        matches = self._matches
        pairs = {_MATCH: match, LEFT: _placed(match, matches.left), RIGHT: _placed(match, matches.right)}
        left, right = matches.only_left.head(most), matches.only_right.head(most)
        return pl.concat(
            [pl.DataFrame(pairs), pl.DataFrame({LEFT: left}), pl.DataFrame({RIGHT: right})], how="diagonal"
        )


def _placed(match: pl.Series, places: pl.Series | None) -> pl.Series:
    return match if places is None else places.gather(match)


def _picked(flags: pl.Series | None, match: pl.Series) -> pl.Series:
    """The flags of some matches; False where there is none."""
    none = pl.repeat(value=False, n=match.len(), eager=True)
    return none if flags is None else flags.gather(match).fill_null(value=False)
