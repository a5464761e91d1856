"""Numbers and times at the edges of their types, against DuckDB or the sums of Python."""

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from polars.testing import parametric

from helpers.profile_truth import QUANTILES, Truth, assert_same
from helpers.profiling import profile_file

ENDS = [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999_999)]  # noqa: DTZ001  # without a zone on purpose
HUGE = [-(2**127), 2**127 - 1, 2**127 - 1, 0, 5, 2**64, -(2**63) - 1]


def edges(low: int, high: int) -> st.SearchStrategy[int]:
    return st.integers(low, high) | st.sampled_from([low, low + 1, high - 1, high])


@given(
    frame=parametric.dataframes(
        [
            parametric.column("signed", strategy=edges(-(2**63), 2**63 - 1), dtype=pl.Int64, allow_null=True),
            parametric.column("größe", strategy=edges(0, 2**64 - 1), dtype=pl.UInt64, allow_null=True),
            parametric.column("short", strategy=edges(-(2**7), 2**7 - 1), dtype=pl.Int8, allow_null=True),
            parametric.column(
                "money",
                strategy=st.decimals(Decimal("-9e13"), Decimal("9e13"), places=4),
                dtype=pl.Decimal(18, 4),
                allow_null=True,
            ),
        ],
        min_size=0,
        max_size=30,
    )
)
@settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_whole_numbers_up_to_their_edges_are_told_as_duckdb_does(
    tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame
) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    frame.write_parquet(path)

    assert_same(profile_file(path, quantiles=QUANTILES), path)


def test_numbers_of_128_bits_are_told_as_duckdb_does(tmp_path: Path) -> None:
    path, texts = tmp_path / "data.parquet", tmp_path / "texts.parquet"
    pl.DataFrame({"n": pl.Series(HUGE, dtype=pl.Int128)}).write_parquet(path)
    pl.DataFrame({"n": list(map(str, HUGE))}).write_parquet(texts)

    found = profile_file(path, quantiles=QUANTILES).columns["n"]

    [(count, distinct, low, high, zeros, negatives, median)] = Truth(texts).rows(
        "WITH t AS (SELECT n::HUGEINT AS n FROM truth) SELECT count(n), count(DISTINCT n), min(n), max(n),"
        " count(*) FILTER (n = 0), count(*) FILTER (n < 0), quantile_disc(n, 0.5) FROM t"
    )
    assert (found["count"], found["distinct"]["value"], found["zeros"], found["negatives"]) == (
        count,
        distinct,
        zeros,
        negatives,
    )
    assert [found["min"], found["max"], found["quantiles"]["values"]["0.5"]] == [str(low), str(high), median]
    assert found["sum"] == str(sum(HUGE))


def test_numbers_beyond_128_bits_with_a_sign_are_told(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": pl.Series([0, 2**127, 2**128 - 1], dtype=pl.UInt128)}).write_parquet(path)

    found = profile_file(path).columns["n"]

    assert (found["max"], found["sum"]) == (str(2**128 - 1), str(2**127 + 2**128 - 1))


@given(days=st.lists(edges(-2_000_000, 29_000_000), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_days_of_years_that_python_does_not_know_are_told_as_duckdb_does(
    tmp_path_factory: pytest.TempPathFactory, days: list[int]
) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    pl.DataFrame({"d": pl.Series(days, dtype=pl.Int32).cast(pl.Date)}).write_parquet(path)

    found = profile_file(path).columns["d"]

    [(count, distinct, low, high, year)] = Truth(path).rows(
        "SELECT count(d), count(DISTINCT d), datediff('day', DATE '1970-01-01', min(d)),"
        " datediff('day', DATE '1970-01-01', max(d)), year(max(d)) FROM truth"
    )
    assert (found["count"], found["distinct"]["value"], low, high) == (count, distinct, min(days), max(days))
    assert found["max"].removeprefix("+").startswith(f"{year:04}") or year <= 0
    assert sum(found["histogram"]["counts"]) == count


@pytest.mark.parametrize(
    ("dtype", "physical"),
    [
        (pl.Date(), pl.Int32()),
        (pl.Datetime("us", "UTC"), pl.Int64()),
        (pl.Datetime("ms"), pl.Int64()),
        (pl.Datetime("ns"), pl.Int64()),
        (pl.Duration("us"), pl.Int64()),
    ],
)
def test_the_first_and_the_last_time_of_every_type_are_told(
    tmp_path: Path, dtype: pl.DataType, physical: pl.DataType
) -> None:
    path = tmp_path / "data.parquet"
    bits = 31 if physical == pl.Int32 else 63
    times = pl.Series("t", [-(2**bits), 2**bits - 1, 0, 0, None], dtype=physical).cast(dtype)
    times.to_frame().write_parquet(path)

    found = profile_file(path).columns["t"]

    assert (found["count"], found["nulls"], found["distinct"]["value"]) == (4, 1, 3)
    assert found["min"] != found["max"]
    assert sum(found["histogram"]["counts"]) == 4
    if found["type"] == "time":
        assert found["largest_gap"]["exact"]


def test_the_last_day_of_the_calendar_and_the_first_are_told(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"d": [dt.date.min, dt.date.max], "m": ENDS}).write_parquet(path)

    columns = profile_file(path).columns

    assert (columns["d"]["min"], columns["d"]["max"]) == ("0001-01-01", "9999-12-31")
    assert (columns["m"]["min"], columns["m"]["max"]) == ("0001-01-01T00:00:00.000000", "9999-12-31T23:59:59.999999")
