"""The most frequent of very many values, in bounded memory (Misra and Gries 1982, in its mergeable form).

Kept are at most COUNTERS values with a count each. When there are more, the count of the first that has no place is
subtracted from all, and what falls to zero is dropped. So a count is never too high, and too low by at most the sum of
what was subtracted; a value that is more frequent than that sum cannot be missing.
"""

from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.counts import compact, summed
from processor.analyses.profile.room import PIECES

COUNTERS = 4096
METHOD = "heavy hitters"
_BYTES = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The most frequent values with their counts, first the most frequent; counts may be too low by `undercount`."""

    values: pl.DataFrame
    undercount: int


class HeavyHitters:
    """Lower bounds for the counts of the most frequent values."""

    def __init__(self, dtype: pl.DataType, counters: int = COUNTERS) -> None:
        self._counters = counters
        self._undercount = 0
        self._kept = pl.DataFrame(schema={"value": dtype, "count": pl.UInt64})
        self._pending: list[pl.DataFrame] = []

    def add(self, counts: pl.DataFrame) -> None:
        """Take values with their counts into account."""
        kept = self._reduced(counts)
        if kept.height:
            self._pending.append(kept)
        if len(self._pending) >= PIECES or sum(frame.height for frame in self._pending) > 8 * self._counters:
            self._merge()

    def top(self, k: int) -> Top:
        """The k values with the highest lower bounds, without those that may well be as rare as any other."""
        self._merge()
        certain = self._kept.filter(self._kept["count"] > self._undercount)
        values = certain.sort("count", "value", descending=[True, False]).head(k)
        return Top(values=values, undercount=self._undercount)

    def _merge(self) -> None:
        self._kept = self._reduced(summed([self._kept, *self._pending]))
        self._pending = []

    def _reduced(self, counts: pl.DataFrame) -> pl.DataFrame:
        places = _places(counts, self._counters)
        if counts.height <= places:
            return counts
        surplus = _count_at(counts["count"], places)
        self._undercount += surplus
        kept = compact(counts.filter(counts["count"] > surplus))
        return kept.with_columns(pl.col("count") - surplus)


def _count_at(counts: pl.Series, place: int) -> int:
    """The count at this place, from 0, in descending order; there are more than `place`, mostly of values seen once."""
    several = counts.filter(counts > 1)
    return int(several.sort(descending=True)[place]) if several.len() > place else 1


def _places(counts: pl.DataFrame, most: int) -> int:
    """Fewer counters where values are long texts, so that memory stays bounded."""
    size = int(counts.estimated_size())
    room = _BYTES * most // COUNTERS
    return most if size <= room else max(64, min(most, counts.height * room // size))
