"""What is counted of one column while it streams by: each value as long as they are few, sketches once they are many.

few values ──(more than its room, by number or by bytes)──► many values
exact counts of all: distinct, top and rare values,         distinct by a hash sample, top values by heavy hitters,
quantiles, histogram                                        quantiles by a rank sample, histogram still exact
"""

import polars as pl

from processor.analyses.profile.bins import FineBins, Histogram
from processor.analyses.profile.counts import compact, counted, counted_runs, finite, finite_counts, summed
from processor.analyses.profile.hashes import Distinct, HashSample
from processor.analyses.profile.heavy import HeavyHitters, Top
from processor.analyses.profile.ranks import Quantiles, RankSample, at_ranks
from processor.analyses.profile.room import PIECES, Room
from processor.analyses.profile.shapes import RANGED, as_numbers, is_whole, shape_of


class Tally:
    """The counts of one column.

    Args:
        dtype: the type of what is counted: numbers, texts, booleans, times or durations.
        room: how much may be kept.
    """

    def __init__(self, dtype: pl.DataType, room: Room) -> None:
        self._dtype = dtype
        self._room = room
        self._ranged = shape_of(dtype) in RANGED
        self._few: pl.DataFrame | None = pl.DataFrame(schema={"value": dtype, "count": pl.UInt64})
        self._pending: list[pl.DataFrame] = []
        self._rows = 0
        self._repeated = False
        self._hashes = HashSample(room.values)
        self._heavy = HeavyHitters(dtype, room.counters)
        self._ranks = RankSample(room.ranks)
        self._bins = FineBins(whole=is_whole(dtype))

    def add(self, values: pl.Series) -> pl.DataFrame:
        """Count one piece of the column, without nulls; gives back its values with their counts."""
        if self._few is None and self._ranged:
            return self._add_ordered(values)
        counts = counted(values)
        if self._few is None:
            self._add_many(counts)
            return counts
        self._pending.append(compact(counts))
        self._rows += counts.height
        if len(self._pending) >= PIECES or self._rows > max(self._room.values // 2, self._few.height):
            self.few()
        return counts

    def few(self) -> pl.DataFrame | None:
        """All values with their counts; None once they are too many."""
        if self._few is not None and self._pending:
            self._few = summed([self._few, *self._pending])
            self._pending, self._rows = [], 0
            if self._few.height > self._room.values or self._few.estimated_size() > self._room.bytes:
                many, self._few = self._few, None
                self._add_many(many)
                if self._ranged:
                    self._ranks.add_counts(finite_counts(many))
        return self._few

    def distinct(self) -> Distinct:
        """How many different values there are; NaN is one, null is none."""
        few = self.few()
        return self._hashes.distinct() if few is None else Distinct(value=few.height, error=None)

    def repeats(self) -> bool:
        """True where some value was seen twice.

        False is proof with few values; with many, none was seen among those that the hash sample keeps, nor within
        any piece.
        """
        few = self.few()
        if few is not None:
            return bool((few["count"] > 1).any())
        self._hashes.distinct()
        return self._repeated or self._hashes.repeated

    def top(self, k: int) -> Top:
        """The k most frequent values, equals in ascending order; NaN and infinities left out."""
        few = self.few()
        if few is None:
            return self._heavy.top(k)
        counts = finite_counts(few).sort("count", "value", descending=[True, False])
        return Top(values=counts.head(k), undercount=0)

    def rare(self, k: int) -> pl.DataFrame | None:
        """The k least frequent values, equals in ascending order; None where they are too many to know."""
        few = self.few()
        return None if few is None else finite_counts(few).sort("count", "value").head(k)

    def quantiles(self, wanted: list[float]) -> Quantiles | None:
        """The finite values at these quantiles; None where there is none."""
        few = self.few()
        if few is None:
            return self._ranks.quantiles(wanted)
        counts = finite_counts(few)
        return Quantiles(values=at_ranks(counts, wanted), error=None) if counts.height else None

    def histogram(self, bins: int) -> Histogram | None:
        """Exact counts of the finite values in at most `bins` bins; None where there is none."""
        return self.bins().histogram(bins)

    def bins(self) -> FineBins:
        """The finite values in fine bins."""
        few = self.few()
        if few is None:
            return self._bins
        fine = FineBins(whole=is_whole(self._dtype))
        _fill(fine, few)
        return fine

    def _add_ordered(self, values: pl.Series) -> pl.DataFrame:
        # Where nearly all values differ, sorting is cheaper than grouping, and the rank sample needs it anyway.
        ordered = values.sort()
        counts = counted_runs(ordered)
        self._add_many(counts)
        self._ranks.add(finite(ordered))
        return counts

    def _add_many(self, counts: pl.DataFrame) -> None:
        self._repeated = self._repeated or bool((counts["count"] > 1).any())
        self._hashes.add(counts["value"])
        self._heavy.add(finite_counts(counts))
        if self._ranged:
            _fill(self._bins, counts)


def _fill(bins: FineBins, counts: pl.DataFrame) -> None:
    counts = finite_counts(counts)
    bins.add(as_numbers(counts["value"]), counts["count"])
