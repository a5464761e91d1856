"""The parts that count in bounded memory: each against the whole truth."""

import gc
import math
import random
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processor.analyses.profile.bins import FineBins
from processor.analyses.profile.counts import counted
from processor.analyses.profile.duplicates import RowHashes
from processor.analyses.profile.hashes import LIMIT, HashSample
from processor.analyses.profile.heavy import HeavyHitters
from processor.analyses.profile.moments import Moments
from processor.analyses.profile.ranks import RankSample, at_ranks
from processor.analyses.profile.room import PIECES, Room
from processor.analyses.profile.row_sample import RowSample
from processor.analyses.profile.tally import Tally

finite_floats = st.floats(allow_nan=False, allow_infinity=False)
pieces_of_floats = st.lists(st.lists(finite_floats, min_size=1, max_size=30), min_size=1, max_size=8)
pieces_of_integers = st.lists(
    st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(-20, 20), min_size=1, max_size=30), min_size=1, max_size=8
)


def binned(pieces: Sequence[Sequence[float]], dtype: type[pl.DataType], bins: int) -> tuple[list[float], list[int]]:
    fine = FineBins(whole=dtype == pl.Int64)
    for piece in pieces:
        counts = counted(pl.Series(piece, dtype=dtype))
        fine.add(counts["value"], counts["count"])
    found = fine.histogram(bins)
    assert found is not None
    return list(found.edges), found.counts


def between(edges: Sequence[float], values: Sequence[float]) -> list[int]:
    """The histogram by its definition: half-open bins, the last one closed."""
    last = len(edges) - 2
    return [
        sum(low <= value < high or (number == last and value == high) for value in values)
        for number, (low, high) in enumerate(pairwise(edges))
    ]


@given(pieces=pieces_of_floats, bins=st.integers(1, 200))
@settings(max_examples=150, deadline=None)
def test_histogram_counts_of_floats_are_exact(pieces: list[list[float]], bins: int) -> None:
    edges, counts = binned(pieces, pl.Float64, bins)

    values = [value for piece in pieces for value in piece]
    assert len(counts) <= bins
    assert (edges[0], edges[-1]) == (min(values), max(values))
    assert counts == between(edges, values)


@given(pieces=pieces_of_integers, bins=st.integers(1, 200))
@settings(max_examples=150, deadline=None)
def test_histogram_counts_of_integers_are_exact(pieces: list[list[int]], bins: int) -> None:
    edges, counts = binned(pieces, pl.Int64, bins)

    values = [value for piece in pieces for value in piece]
    assert len(counts) <= bins
    assert edges[0] == min(values)
    assert edges[-1] >= max(values)
    assert counts == between(edges, values)


def test_the_range_may_grow_by_any_factor() -> None:
    edges, counts = binned([[0.0, 1e-300], [1.0], [-1e300, 1e300]], pl.Float64, 10)

    assert sum(counts) == 5
    assert (edges[0], edges[-1]) == (-1e300, 1e300)


def test_bins_of_even_data_are_even() -> None:
    _, counts = binned([[number / 10 for number in range(100_000)]], pl.Float64, 20)

    assert max(counts) - min(counts) <= 0.02 * max(counts)


def hashed(values: pl.Series, pieces: int) -> HashSample:
    sample = HashSample()
    size = max(1, -(-values.len() // pieces))
    for start in range(0, values.len(), size):
        sample.add(values.slice(start, size).unique())
    return sample


@pytest.mark.parametrize("count", [0, 1, 1000, LIMIT])
def test_up_to_its_limit_distinct_is_exact(count: int) -> None:
    found = hashed(pl.Series(range(count), dtype=pl.Int64), pieces=7).distinct()

    assert (found.value, found.error) == (count, None)


@pytest.mark.parametrize("dtype", [pl.Int64, pl.Float64, pl.String])
@pytest.mark.parametrize("count", [LIMIT + 1, 1_000_000])
def test_beyond_its_limit_distinct_is_within_the_stated_error(count: int, dtype: type[pl.DataType]) -> None:
    values = pl.int_range(count, dtype=pl.Int64, eager=True).cast(dtype)

    found = hashed(pl.concat([values, values]), pieces=9).distinct()

    assert found.error is not None
    assert found.error < 0.02
    assert found.value == pytest.approx(count, rel=found.error)


@pytest.mark.parametrize(
    "second",
    [
        pl.Series(["abc"]),
        pl.Series(["DE"]),
        pl.Series(["EUR", "USD", "GBP"]),
        pl.Series([None], dtype=pl.String),
        pl.Series([True, False]),
        pl.Series([[1.5], []]),
        pl.Series([{"a": 0.0, "b": "x"}, {"a": math.nan, "b": None}]),
    ],
    ids=["abc", "DE", "currencies", "null", "boolean", "list", "struct"],
)
@pytest.mark.parametrize("times", [1, 10])
def test_rows_that_repeat_are_estimated_within_the_stated_error(second: pl.Series, times: int) -> None:
    ids, repeated = 600_000, 60_000
    sample = RowHashes(limit=1 << 14)

    for start in range(0, ids, 50_000):
        _add_rows(sample, pl.int_range(start, start + 50_000, eager=True), second, times)
    _add_rows(sample, pl.int_range(repeated, eager=True), second, times)
    found = sample.duplicates()

    assert found.error is not None
    assert found.error < 0.2 * repeated
    assert found.rows == pytest.approx(repeated, abs=found.error)


def _add_rows(sample: RowHashes, ids: pl.Series, second: pl.Series, times: int) -> None:
    """Rows of an id, and then of a column so many times that says nothing more."""
    later = second.gather(ids % second.len())
    sample.add(pl.DataFrame([ids.alias("id"), *(later.alias(str(number)) for number in range(times))]))


def test_heavy_hitters_bound_the_true_counts() -> None:
    dice = random.Random(7)
    pieces = [[min(int(dice.paretovariate(0.6)), 10**9) for _ in range(20_000)] for _ in range(20)]
    truth = Counter(value for piece in pieces for value in piece)
    heavy = HeavyHitters(pl.Int64())

    for piece in pieces:
        heavy.add(counted(pl.Series(piece)))
    found = heavy.top(20)

    assert found.undercount > 0
    assert all(0 <= truth[value] - count <= found.undercount for value, count in found.values.rows())
    assert [value for value, _ in found.values.rows()][:5] == [value for value, _ in truth.most_common(5)]


def test_where_all_values_differ_none_is_called_frequent() -> None:
    heavy = HeavyHitters(pl.Int64())
    for start in range(0, 200_000, 20_000):
        heavy.add(counted(pl.int_range(start, start + 20_000, eager=True)))

    assert heavy.top(10).values.height == 0


@pytest.mark.parametrize("order", ["shuffled", "ascending", "descending", "zigzag"])
@pytest.mark.parametrize("size", [1_000, 65_536])
def test_ranks_are_within_the_stated_error_in_any_order(order: str, size: int) -> None:
    count = 1_000_000
    values = pl.int_range(count, eager=True)
    match order:
        case "shuffled":
            values = values.shuffle(seed=3)
        case "descending":
            values = values.reverse()
        case "zigzag":
            values = pl.select(
                values.filter(values % 2 == 0).append(values.filter(values % 2 == 1).reverse())
            ).to_series()
    sample = RankSample()
    for start in range(0, count, size):
        sample.add(values.slice(start, size).sort())
    wanted = [0.0, 0.001, 0.05, 0.5, 0.95, 0.999, 1.0]

    found = sample.quantiles(wanted)

    assert found.error is not None
    assert found.error <= 0.002
    assert found.values.to_list() == [pytest.approx(q * count, abs=found.error * count) for q in wanted]
    assert (found.values[0], found.values[-1]) == (0, count - 1)


def test_ranks_of_counts_are_within_the_stated_error() -> None:
    counts = pl.DataFrame({"value": range(200_000), "count": [10] * 200_000}, schema_overrides={"count": pl.UInt64})
    sample = RankSample()
    sample.add_counts(counts)

    found = sample.quantiles([0.1, 0.5, 0.9])
    ends = sample.quantiles([1.0, 0.0, 1e-9])

    assert ends.values.to_list() == [199_999, 0, 0]
    assert found.values.to_list() == [
        pytest.approx(q * 200_000, abs=(found.error or 0) * 200_000) for q in [0.1, 0.5, 0.9]
    ]


def test_a_quantile_is_the_least_value_with_enough_below_it() -> None:
    counts = pl.DataFrame({"value": [3, 1, 2], "count": [1, 1, 2]}, schema_overrides={"count": pl.UInt64})

    assert at_ranks(counts, [0.0, 0.25, 0.26, 0.75, 0.76, 1.0]).to_list() == [1, 1, 2, 2, 3, 3]


@given(pieces=st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), min_size=1, max_size=8))
@settings(max_examples=80, deadline=None)
def test_moments_of_pieces_are_those_of_the_whole(pieces: list[list[float]]) -> None:
    moments = Moments()
    for piece in pieces:
        moments.add(pl.Series(piece, dtype=pl.Float64))
    whole = pl.Series([value for piece in pieces for value in piece], dtype=pl.Float64)

    assert moments.mean == pytest.approx(whole.mean(), rel=1e-9, abs=1e-6)
    assert (moments.low, moments.high) == (whole.min(), whole.max())
    if whole.len() > 1:
        assert moments.std == pytest.approx(whole.std(), rel=1e-9, abs=1e-6)
    assert moments.std is None or math.isfinite(moments.std)


@pytest.mark.parametrize("values", [3, 300_000])
def test_what_is_kept_of_a_column_does_not_grow_with_its_pieces(values: int) -> None:
    tally = Tally(pl.Int64(), Room())

    def frames_after(pieces: int) -> int:
        for start in range(pieces):
            tally.add(pl.int_range(start * 997, start * 997 + 1_000, eager=True) % values)
        gc.collect()
        return sum(isinstance(one, pl.DataFrame | pl.Series) for one in gc.get_objects())

    few = frames_after(600)

    assert frames_after(600) <= few + 3 * PIECES


def test_the_rows_of_a_sample_lie_together_however_many_batches_they_came_in() -> None:
    # A chunk for each batch that a row came from: of 60 million rows they pinned 300 MB for 15,000 rows.
    sample = RowSample(pl.Schema({"number": pl.Int64(), "text": pl.String()}), most=1_000)
    for start in range(0, 500_000, 1_000):
        numbers = pl.int_range(start, start + 1_000, eager=True)
        sample.add(pl.DataFrame({"number": numbers, "text": numbers.cast(pl.String) + " of half a million"}))

    rows = sample.rows

    assert rows.n_chunks("all") == [1, 1]
    assert 250 <= rows.height <= 1_000
    assert rows["text"].to_list() == [f"{number} of half a million" for number in rows["number"]]
    assert rows["number"].is_sorted()
