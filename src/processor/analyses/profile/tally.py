"""What is counted of one column while it streams by: each value as long as they are few, sketches once they are many.

few values ──(more than hashes.LIMIT, or too many bytes)──► many values
exact counts of all: distinct, top values,                  distinct by a hash sample, top values by heavy hitters,
quantiles, histogram                                        quantiles by a rank sample, histogram still exact
"""

import polars as pl

from processor.analyses.profile.bins import FineBins, Histogram
from processor.analyses.profile.counts import compact, counted, counted_runs, finite, finite_counts, summed
from processor.analyses.profile.hashes import LIMIT, Distinct, HashSample
from processor.analyses.profile.heavy import HeavyHitters, Top
from processor.analyses.profile.ranks import Quantiles, RankSample, at_ranks
from processor.analyses.profile.shapes import Shape, as_numbers, is_whole, shape_of

_BYTES = 16 << 20
_MERGE_ROWS = 1 << 16


class Tally:
    """The counts of one column.

    Args:
        dtype: the column's type: numbers, text, booleans or times.
    """

    def __init__(self, dtype: pl.DataType) -> None:
        self._dtype = dtype
        self._ranged = shape_of(dtype) in (Shape.NUMBER, Shape.TIME)
        self._few: pl.DataFrame | None = pl.DataFrame(schema={"value": dtype, "count": pl.UInt64})
        self._pending: list[pl.DataFrame] = []
        self._rows = 0
        self._hashes = HashSample()
        self._heavy = HeavyHitters(dtype)
        self._ranks = RankSample()
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
        if self._rows > max(_MERGE_ROWS, self._few.height):
            self._merge()
        return counts

    def distinct(self) -> Distinct:
        """How many different values there are; NaN is one, null is none."""
        few = self._merge()
        return self._hashes.distinct() if few is None else Distinct(value=few.height, error=None)

    def top(self, k: int) -> Top:
        """The k most frequent values, equals in ascending order; NaN and infinities left out."""
        few = self._merge()
        if few is None:
            return self._heavy.top(k)
        counts = finite_counts(few).sort("count", "value", descending=[True, False])
        return Top(values=counts.head(k), undercount=0)

    def quantiles(self, wanted: list[float]) -> Quantiles | None:
        """The finite values at these quantiles; None where there is none."""
        few = self._merge()
        if few is None:
            return self._ranks.quantiles(wanted)
        counts = finite_counts(few)
        return Quantiles(values=at_ranks(counts, wanted), error=None) if counts.height else None

    def histogram(self, bins: int) -> Histogram | None:
        """Exact counts of the finite values in at most `bins` bins; None where there is none."""
        few = self._merge()
        if few is None:
            return self._bins.histogram(bins)
        fine = FineBins(whole=is_whole(self._dtype))
        _fill(fine, few)
        return fine.histogram(bins)

    def _merge(self) -> pl.DataFrame | None:
        if self._few is not None and self._pending:
            self._few = summed([self._few, *self._pending])
            self._pending, self._rows = [], 0
            if self._few.height > LIMIT or self._few.estimated_size() > _BYTES:
                many, self._few = self._few, None
                self._add_many(many)
                if self._ranged:
                    self._ranks.add_counts(finite_counts(many))
        return self._few

    def _add_ordered(self, values: pl.Series) -> pl.DataFrame:
        # Where nearly all values differ, sorting is cheaper than grouping, and the rank sample needs it anyway.
        ordered = values.sort()
        counts = counted_runs(ordered)
        self._add_many(counts)
        self._ranks.add(finite(ordered))
        return counts

    def _add_many(self, counts: pl.DataFrame) -> None:
        self._hashes.add(counts["value"])
        self._heavy.add(finite_counts(counts))
        if self._ranged:
            _fill(self._bins, counts)


def _fill(bins: FineBins, counts: pl.DataFrame) -> None:
    counts = finite_counts(counts)
    bins.add(as_numbers(counts["value"]), counts["count"])
