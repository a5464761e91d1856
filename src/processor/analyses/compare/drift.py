"""How the values of a column have shifted as a whole, whichever rows belong together.

Two measures of the distance between two distributions, over the values that are there:

- PSI, the population stability index: the sum of (r - l) * ln(r / l) over bins, where l and r are the shares of the
  left and of the right table. N. Siddiqi, Credit Risk Scorecards (2006), where below 0.1 means no shift and above 0.25
  a large one. Bins are the tenths of the left table for numbers and times, the values themselves where these are few;
  missing values are a bin of their own, and an empty bin counts as a share of 0.0001.
- KS, the statistic of Kolmogorov and Smirnov for two samples: the largest distance between the two shares of values at
  or below x, over all x.

Both are of a random sample of the rows where there are more than SAMPLE. Then the statistic of KS is wrong by more than
`error` once in a hundred times at most (the inequality of Dvoretzky, Kiefer and Wolfowitz, with Massart's constant, for
either side). New and vanished values, and how often each comes, are always those of the whole tables.
"""

import math
from collections.abc import Mapping
from typing import Final

import polars as pl

from processor.analyses.cells import shown_cells
from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.compare.shard import Shard
from processor.analyses.rows import ROW

SAMPLE: Final = 200_000
FEW: Final = 1000
SHOWN: Final = 20
_BINS: Final = 10
_LEAST: Final = 0.0001


class Sampled:
    """A random sample of a table, always the same for the same table, from shards that come one by one."""

    def __init__(self, rows: int) -> None:
        self._step = -(-rows // SAMPLE) if rows else 1
        self._places = pl.Series([], dtype=pl.UInt32)
        self._parts: dict[str, list[pl.Series]] = {}

    @property
    def is_whole(self) -> bool:
        """True where every row is in it."""
        return self._step == 1

    def begin(self, shard: Shard) -> None:
        """Choose rows of a shard, whose columns come next."""
        if not self.is_whole:
            # A hash of the row number: each n-th row would be a biased choice where the table has a rhythm.
            self._places = (shard.column(ROW).hash(seed=7) % self._step == 0).arg_true()

    def add(self, column: pl.Series) -> None:
        """Take a column of the shard into account."""
        self._parts.setdefault(column.name, []).append(column if self.is_whole else column.gather(self._places))

    def rows(self) -> pl.DataFrame:
        """The rows."""
        return pl.DataFrame([pl.concat(parts) for parts in self._parts.values()])


class ValueCounts:
    """Exact counts of the values of a column, given up once there are more than FEW."""

    def __init__(self, pair: Pair, side: SideName) -> None:
        self._value = pair.value(side).alias("value")
        self._counts: pl.DataFrame | None = None
        self._is_few = not pair.dtype.is_float()

    def add(self, column: pl.Series) -> None:
        """Take the column of a shard into account."""
        if not self._is_few:
            return
        found = _counted(column.to_frame().select(self._value)["value"])
        if self._counts is not None:
            found = pl.concat([self._counts, found]).group_by("value").agg(pl.col("count").sum())
        self._is_few = found.height <= FEW
        self._counts = found if self._is_few else None

    @property
    def counts(self) -> pl.DataFrame | None:
        """Columns `value` (no nulls) and `count`; None where there are too many."""
        return self._counts if self._is_few else None


def drift(
    pair: Pair, left: pl.DataFrame, right: pl.DataFrame, *, exact: bool, counts: tuple[ValueCounts, ValueCounts]
) -> dict[str, object]:
    """The drift of one column.

    Args:
        pair: the column.
        left: a sample of the left table.
        right: a sample of the right table.
        exact: the samples are the whole tables.
        counts: all values with their counts, where these are few.
    """
    before = left.select(pair.value("left").alias("value"))["value"]
    after = right.select(pair.value("right").alias("value"))["value"]
    method = {"exact": True} if exact else {"exact": False, "sample_rows": {"left": before.len(), "right": after.len()}}
    found: dict[str, object] = {"null_share": {"left": _null_share(before), "right": _null_share(after)}}
    few = counts[0].counts, counts[1].counts
    if few[0] is not None and few[1] is not None:
        found["values"] = _values(pair, few[0], few[1])
    if not before.len() or not after.len():
        return found
    if pair.dtype.is_numeric() or pair.dtype in (pl.Date, pl.Datetime, pl.Time):
        low, high = _numbers(before), _numbers(after)
        if low.len() and high.len():
            found["ks"] = {"statistic": round(ks(low, high), 6), **method} | (
                {} if exact else {"error": _error(low, high)}
            )
            edges = _tenths(low)
            found["psi"] = {"value": round(psi(_binned(before, edges), _binned(after, edges)), 6), **method}
    elif few[0] is not None and few[1] is not None:
        shares = _shares(few[0], before), _shares(few[1], after)
        found["psi"] = {"value": round(psi(*shares), 6), **method}
    return found


def psi(before: Mapping[object, float], after: Mapping[object, float]) -> float:
    """The population stability index of two distributions, given as shares by bin."""
    total = 0.0
    for name in before.keys() | after.keys():
        left, right = max(before.get(name, 0.0), _LEAST), max(after.get(name, 0.0), _LEAST)
        total += (right - left) * math.log(right / left)
    return total


def ks(before: pl.Series, after: pl.Series) -> float:
    """The largest distance between the distributions of two series of numbers without nulls, both not empty."""
    points = pl.concat([before, after]).unique().sort()
    left = before.sort().search_sorted(points, side="right").cast(pl.Float64) / before.len()
    right = after.sort().search_sorted(points, side="right").cast(pl.Float64) / after.len()
    return float((left - right).abs().max())  # type: ignore[arg-type]  # a float


def _numbers(values: pl.Series) -> pl.Series:
    numbers = values.drop_nulls()
    numbers = numbers.to_physical() if numbers.dtype.is_temporal() else numbers
    return numbers.cast(pl.Float64).drop_nans()


def _tenths(numbers: pl.Series) -> pl.Series:
    edges = [numbers.quantile(number / _BINS, interpolation="lower") for number in range(1, _BINS)]
    return pl.Series(edges, dtype=pl.Float64).unique().sort()


def _binned(values: pl.Series, edges: pl.Series) -> Mapping[object, float]:
    """Shares by bin: bin n holds what is above edge n-1 and at most edge n."""
    numbers = _numbers(values)
    bins = edges.search_sorted(numbers, side="left")
    shares: dict[object, float] = {
        number: count / values.len() for number, count in bins.value_counts(name="count").rows()
    }
    return shares | {"null": 1 - numbers.len() / values.len()}


def _shares(counts: pl.DataFrame, sample: pl.Series) -> Mapping[object, float]:
    null = _null_share(sample)
    total = max(1, int(counts["count"].sum()))
    values = counts["value"].to_physical()  # Python has no value for every time
    shares: dict[object, float] = {
        value: (1 - null) * count / total for value, count in zip(values, counts["count"], strict=True)
    }
    return shares | {None: null}


def _values(pair: Pair, before: pl.DataFrame, after: pl.DataFrame) -> dict[str, object]:
    return {
        "left": before.height,
        "right": after.height,
        "new": _listed(pair, after.join(before, on="value", how="anti", nulls_equal=True)),
        "vanished": _listed(pair, before.join(after, on="value", how="anti", nulls_equal=True)),
    }


def _listed(pair: Pair, counts: pl.DataFrame) -> dict[str, object]:
    first = counts.sort(["count", "value"], descending=[True, False]).head(SHOWN)
    shown = zip(shown_cells(pair.shown(first["value"])), first["count"], strict=True)
    return {"count": counts.height, "most_frequent": [{"value": value, "count": count} for value, count in shown]}


def _counted(values: pl.Series) -> pl.DataFrame:
    return values.drop_nulls().value_counts(name="count").cast({"count": pl.Int64})


def _null_share(values: pl.Series) -> float:
    return values.null_count() / values.len() if values.len() else 0.0


def _error(left: pl.Series, right: pl.Series) -> float:
    return round(sum(math.sqrt(math.log(2 / 0.005) / (2 * series.len())) for series in (left, right)), 6)
