"""What a profile estimates of a table with too many values to count: within the error that it states, by DuckDB."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.profile_truth import Truth, assert_correlations, assert_duplicates
from helpers.profiling import Profiled, profile_file

ROWS = 300_000
QUANTILES = (0.01, 0.25, 0.5, 0.9, 0.999)


def chance(seed: int) -> pl.Expr:
    """A number from 0 to 1 for each row, the same ones in every run, and other ones than rows are sampled by."""
    return pl.int_range(ROWS, dtype=pl.UInt64).hash(seed=1_000 + seed) / 2.0**64


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "data.parquet"
    seldom, often = chance(1) < 0.02, chance(2) < 0.3
    frame = pl.select(
        tailed=(chance(3) * 8).exp(),
        whole=((chance(4) ** 3) * 10**12).cast(pl.Int64),
        moment=(chance(5) * 10**9 + pl.when(chance(6) < 0.5).then(0).otherwise(2 * 10**9)).cast(pl.Int64) * 1_000_000,
        common=pl.when(chance(7) < 0.05).then(pl.lit("common")).otherwise(pl.lit("w") + chance(8).cast(pl.String)),
        mail=pl.format("u{}@{}", pl.int_range(ROWS), pl.when(often).then(pl.lit("home")).otherwise(pl.lit("home.org"))),
        repeated=(chance(9) * 200_000).cast(pl.Int64),
    ).with_columns(
        moment=pl.col("moment").cast(pl.Datetime("us")),
        near=pl.col("tailed").log() + chance(10) * 3,
        gone=pl.when(seldom.not_()).then(pl.col("whole")),
        partly=pl.when((seldom & (chance(11) < 0.6)).not_()).then(pl.col("whole")),
    )
    pl.concat([frame, frame.head(ROWS // 10)]).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def found(path: Path) -> Profiled:
    return profile_file(path, quantiles=QUANTILES)


@pytest.fixture(scope="module")
def truth(path: Path) -> Truth:
    return Truth(path)


def one(truth: Truth, sql: str) -> tuple[Any, ...]:
    [row] = truth.rows(sql)
    return row


def seconds(duration: str) -> float:
    """Of an ISO duration of days and what is below."""
    parts = re.fullmatch(r"P(?:(\d+)D)?T?(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?", duration)
    assert parts
    days, hours, minutes, rest = (float(part or 0) for part in parts.groups())
    return 86_400 * days + 3_600 * hours + 60 * minutes + rest


@pytest.mark.parametrize("name", ["tailed", "whole", "near", "gone", "repeated"])
def test_ranks_of_quantiles_are_no_further_off_than_stated(found: Profiled, truth: Truth, name: str) -> None:
    quantiles = found.columns[name]["quantiles"]

    assert not quantiles["exact"]
    for wanted, value in quantiles["values"].items():
        below, upto = one(truth, f"SELECT avg(({name} < {value})::INT), avg(({name} <= {value})::INT) FROM truth"
                                 f" WHERE {name} IS NOT NULL")  # fmt: skip
        assert below - quantiles["error"] <= float(wanted) <= upto + quantiles["error"]


@pytest.mark.parametrize("name", ["tailed", "whole", "moment", "common", "mail", "repeated", "near"])
def test_distinct_values_are_no_further_off_than_stated(found: Profiled, truth: Truth, name: str) -> None:
    distinct = found.columns[name]["distinct"]

    assert not distinct["exact"]
    (exact,) = one(truth, f"SELECT count(DISTINCT {name}) FROM truth")
    assert distinct["value"] == pytest.approx(exact, rel=distinct["error"])


def test_frequent_values_are_undercounted_by_no_more_than_stated(found: Profiled, truth: Truth) -> None:
    [first] = found.columns["common"]["top"]

    (exact,) = one(truth, "SELECT count(*) FROM truth WHERE common = 'common'")
    assert first["value"] == "common"
    assert not first["exact"]
    assert exact - first["undercount"] <= first["count"] <= exact


def test_the_largest_gap_is_no_further_off_than_stated(found: Profiled, truth: Truth) -> None:
    gap = found.columns["moment"]["largest_gap"]

    start, end = one(
        truth,
        "WITH d AS (SELECT moment AS t, lead(moment) OVER (ORDER BY moment) AS next FROM truth)"
        " SELECT t, next FROM d ORDER BY next - t DESC NULLS LAST LIMIT 1",
    )
    assert not gap["exact"]
    told = pl.Series([gap["from"], gap["to"]]).str.to_datetime(time_unit="us")
    most = seconds(gap["error"])
    assert abs((told[0] - start).total_seconds()) <= most
    assert abs((told[1] - end).total_seconds()) <= most


def test_shares_of_meanings_are_no_further_off_than_stated(found: Profiled, truth: Truth) -> None:
    meaning = found.columns["mail"]["meaning"]

    (exact,) = one(truth, "SELECT avg((mail LIKE '%.org')::INT) FROM truth")
    assert (meaning["type"], meaning["exact"]) == ("email", False)
    assert meaning["share"] == pytest.approx(exact, abs=meaning["error"])


def test_shares_of_rows_that_miss_the_same_are_no_further_off_than_stated(found: Profiled, truth: Truth) -> None:
    missing: Any = found.outcome.data["missing"]
    shares = {tuple(pattern["columns"]): pattern["share"] for pattern in missing["patterns"]}

    together, only, overlap = one(
        truth,
        "SELECT avg((gone IS NULL AND partly IS NULL)::INT), avg((gone IS NULL AND partly IS NOT NULL)::INT),"
        " count(*) FILTER (partly IS NULL) / count(*) FILTER (gone IS NULL)"
        " FROM truth",
    )
    assert not missing["exact"]
    assert shares["gone", "partly"] == pytest.approx(together, abs=missing["error"])
    assert shares[("gone",)] == pytest.approx(only, abs=missing["error"])
    [pair] = missing["together"]
    assert pair["overlap"] == pytest.approx(overlap, abs=pair["error"])
    assert pair["error"] < 0.25


def test_correlations_are_no_further_off_than_stated(path: Path, truth: Truth) -> None:
    names = ["tailed", "moment", "near"]
    found = profile_file(path, columns=names, patterns=False)

    told: Any = found.outcome.data["correlations"]
    assert told["error"] > 0
    assert_correlations(found, truth)


def test_correlations_of_columns_that_are_seldom_there_or_of_many_values_say_how_little_they_say(
    tmp_path: Path,
) -> None:
    path = tmp_path / "data.parquet"
    frame = pl.select(a=chance(20), many=(chance(21) * 50).cast(pl.Int8).cast(pl.String), flag=chance(22) < 0.5)
    frame = frame.with_columns(b=pl.col("a") + chance(23) * 3, rare=chance(24) < 0.01)
    frame.select(
        "many", "flag", "a", *(pl.when("rare").then(name).alias(f"seldom_{name}") for name in "ab")
    ).write_parquet(path)
    found, truth = profile_file(path, patterns=False, duplicates=False), Truth(path)

    told: Any = found.outcome.data["correlations"]
    assert_correlations(found, truth)
    names = told["pearson"]["columns"]
    seldom = told["pearson"]["errors"][names.index("seldom_a")][names.index("seldom_b")]
    assert told["error"] >= seldom > 0.2
    # Chance alone says this much of columns that have nothing to do with each other.
    assert told["cramers_v"]["values"][0][1] <= told["cramers_v"]["errors"][0][1] < 0.1


def test_repeated_rows_are_no_further_off_than_stated(found: Profiled, truth: Truth) -> None:
    told: Any = found.outcome.data["duplicates"]

    assert not told["exact"]
    assert_duplicates(found, truth)
