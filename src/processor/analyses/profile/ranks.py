"""Quantiles of very many numbers in bounded memory, with an error that is a guarantee and not a probability.

Of every piece, sorted, PIECE values at even distances are kept and stand for their neighbours: ranks are wrong by at
most the distance; the ends are exact. When a level holds LEVEL values, they are sorted and every second goes up one
level, with twice the weight. (After Manku, Rajagopalan and Lindsay 1998.)
"""

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

PIECE = 1 << 11
LEVEL = 1 << 16
METHOD = "merged rank samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Values at the quantiles asked for; `error` is the share of all values that a rank may be wrong by at most."""

    values: pl.Series
    error: float | None


class RankSample:
    """Values that stand for their neighbours in rank; those of level n have the weight 2**n."""

    def __init__(self, level: int = LEVEL) -> None:
        self._places = level
        self._piece = max(256, level * PIECE // LEVEL)
        self._levels: dict[int, list[pl.Series]] = defaultdict(list)
        self._wrong = 0
        self._seen = 0
        self._ends: list[pl.Series] = []

    def add(self, ordered: pl.Series) -> None:
        """Take values in ascending order (no nulls) into account."""
        level = _level(ordered.len(), self._piece)
        self._seen += ordered.len()
        self._reach(ordered)
        self._wrong += 1 << level if level else 0
        if ordered.len():
            self._push(level, ordered.gather_every(1 << level, (1 << level) // 2))

    def add_counts(self, counts: pl.DataFrame) -> None:
        """Take values with their counts into account."""
        ordered = counts.sort("value")
        below = ordered["count"].cum_sum()
        total = int(below[-1]) if ordered.height else 0
        level = _level(total, self._places)
        ranks = pl.int_range((1 << level) // 2 + 1, total + 1, 1 << level, dtype=pl.UInt64, eager=True)
        self._seen += total
        self._reach(ordered["value"])
        self._wrong += 1 << level
        if ranks.len():
            self._push(level, ordered["value"].gather(below.search_sorted(ranks, side="left")))

    def quantiles(self, wanted: list[float]) -> Quantiles:
        """The values at these quantiles (0..1); at least one value was added."""
        weighted = [_weighted(piece, 1 << level) for level, pieces in self._levels.items() for piece in pieces]
        error = round(self._wrong / self._seen + 0.0001, 4)
        return Quantiles(values=self._with_ends(at_ranks(pl.concat(weighted), wanted), wanted), error=error)

    def _reach(self, ordered: pl.Series) -> None:
        """The least and the greatest value are known, whatever the sample keeps."""
        if ordered.len():
            ends = pl.concat([*self._ends, ordered.head(1), ordered.tail(1)]).sort()
            self._ends = [ends.head(1), ends.tail(1)]

    def _with_ends(self, values: pl.Series, wanted: list[float]) -> pl.Series:
        least, greatest = self._ends
        found = [values.slice(place, 1) for place in range(len(wanted))]
        for place, rank in enumerate(_ranks(wanted, self._seen)):
            found[place] = least if rank == 1 else greatest if rank == self._seen else found[place]
        return pl.concat(found)

    def _push(self, level: int, values: pl.Series) -> None:
        pieces = self._levels[level]
        pieces.append(values)
        if len(pieces) == 1 or sum(piece.len() for piece in pieces) < self._places:
            return
        merged = pl.concat(self._levels.pop(level)).sort()
        self._wrong += 1 << level
        self._push(level + 1, merged.gather_every(2, level % 2))


def _level(count: int, places: int) -> int:
    """The least weight, as a power of two, with which so many values shrink to about so many places."""
    return max(0, (count // places).bit_length() - 1)


def at_ranks(counts: pl.DataFrame, wanted: list[float]) -> pl.Series:
    """For each q the least value such that a share q of all is at or below it (`quantile_disc` in SQL)."""
    ordered = counts.sort("value")
    below = ordered["count"].cum_sum()
    ranks = pl.Series(_ranks(wanted, int(below[-1])), dtype=pl.UInt64)
    return ordered["value"].gather(below.search_sorted(ranks, side="left"))


def _ranks(wanted: list[float], total: int) -> list[int]:
    return [max(1, -int(-q * total // 1)) for q in wanted]


def _weighted(values: pl.Series, weight: int) -> pl.DataFrame:
    return pl.DataFrame({"value": values, "count": pl.repeat(weight, values.len(), dtype=pl.UInt64, eager=True)})
