"""Quantiles of very many numbers in bounded memory, with an error that is a guarantee and not a probability.

Of every piece, sorted, each STEP-th value is kept and stands for STEP values: ranks are wrong by at most STEP/2 a
piece. When a level holds LEVEL values, they are sorted and every second goes up one level, with twice the weight.
(After Manku, Rajagopalan and Lindsay 1998.)
"""

from collections import defaultdict
from dataclasses import dataclass

import polars as pl

STEP = 64
LEVEL = 1 << 16
METHOD = "merged rank samples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantiles:
    """Values at the quantiles asked for; `error` is the share of all values that a rank may be wrong by at most."""

    values: pl.Series
    error: float | None


class RankSample:
    """Values that stand for their neighbours in rank."""

    def __init__(self) -> None:
        self._levels: dict[int, list[pl.Series]] = defaultdict(list)
        self._wrong = 0
        self._seen = 0
        self._rest: pl.Series | None = None

    def add(self, values: pl.Series) -> None:
        """Take values (no nulls) into account."""
        self._seen += values.len()
        values = values if self._rest is None else pl.concat([self._rest, values])
        whole = values.len() - values.len() % STEP
        # The rest is cut off before the sorting, or the largest values would always be the ones that wait.
        self._rest = values.slice(whole)
        if whole:
            self._wrong += STEP // 2
            self._push(0, values.head(whole).sort().gather_every(STEP, STEP // 2))

    def add_counts(self, counts: pl.DataFrame) -> None:
        """Take values with their counts into account."""
        ordered = counts.sort("value")
        below = ordered["count"].cum_sum()
        total = int(below[-1]) if ordered.height else 0
        level = max(0, (total // (STEP * LEVEL // 2)).bit_length())
        step = STEP << level
        ranks = pl.int_range(step // 2, total, step, dtype=pl.UInt64, eager=True)
        if ranks.len():
            self._push(level, ordered["value"].gather(below.search_sorted(ranks + 1, side="left")))
        self._seen += total
        self._wrong += step

    def quantiles(self, wanted: list[float]) -> Quantiles:
        """The values at these quantiles (0..1); at least STEP values were added."""
        weighted = [_weighted(piece, STEP << level) for level, pieces in self._levels.items() for piece in pieces]
        if self._rest is not None and self._rest.len():
            weighted.append(_weighted(self._rest, 1))
        error = round(self._wrong / self._seen + 0.0001, 4)
        return Quantiles(values=at_ranks(pl.concat(weighted), wanted), error=error)

    def _push(self, level: int, values: pl.Series) -> None:
        pieces = self._levels[level]
        pieces.append(values)
        if sum(piece.len() for piece in pieces) < LEVEL:
            return
        merged = pl.concat(self._levels.pop(level)).sort()
        self._wrong += STEP << level
        self._push(level + 1, merged.gather_every(2, level % 2))


def at_ranks(counts: pl.DataFrame, wanted: list[float]) -> pl.Series:
    """For each q the least value such that a share q of all is at or below it (`quantile_disc` in SQL)."""
    ordered = counts.sort("value")
    below = ordered["count"].cum_sum()
    total = int(below[-1])
    ranks = pl.Series([max(1, -int(-q * total // 1)) for q in wanted], dtype=pl.UInt64)
    return ordered["value"].gather(below.search_sorted(ranks, side="left"))


def _weighted(values: pl.Series, weight: int) -> pl.DataFrame:
    return pl.DataFrame({"value": values, "count": pl.repeat(weight, values.len(), dtype=pl.UInt64, eager=True)})
