"""The profile's figures against DuckDB's over the same file."""

import datetime as dt
import subprocess
import sysconfig
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import parametric

from helpers.profile_truth import QUANTILES, Truth, as_shown, assert_duplicates, assert_same
from helpers.profiling import profile_file
from helpers.real_tables import REAL_TABLES, real_table

ENDS = [
    (pl.Int8(), -(2**7), 2**7 - 1),
    (pl.Int64(), -(2**63), 2**63 - 1),
    (pl.UInt16(), 0, 2**16 - 1),
    (pl.UInt64(), 0, 2**64 - 1),
    (pl.Float32(), -3e38, 3e38),
    (pl.Float64(), -1.7e308, 1.7e308),
]


@given(
    frame=parametric.dataframes(
        [
            parametric.column("number", strategy=st.integers(-(2**53), 2**53), dtype=pl.Int64, allow_null=True),
            parametric.column("real", strategy=st.floats(-1e9, 1e9), dtype=pl.Float64, allow_null=True),
            parametric.column("strange", strategy=st.floats(width=32), dtype=pl.Float64, allow_null=True),
            parametric.column("few", strategy=st.integers(0, 3), dtype=pl.UInt8, allow_null=True),
            parametric.column("word", strategy=st.text("abçλ中 ,\"'\n", max_size=5), dtype=pl.String, allow_null=True),
            parametric.column("flag", dtype=pl.Boolean, allow_null=True),
            parametric.column("day", strategy=st.dates(dt.date(1, 1, 1)), dtype=pl.Date, allow_null=True),
        ],
        min_size=1,
        max_size=40,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_parquet_of_any_values_is_told_as_duckdb_does(
    tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame
) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    frame.write_parquet(path)

    assert_same(profile_file(path, quantiles=QUANTILES), path)


def lineitem(folder: Path, form: str, scale: str) -> Path:
    program = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
    subprocess.run([program, form, "-s", scale, "-T", "lineitem", "-o", folder], check=True, capture_output=True)
    return folder / f"lineitem.{form}"


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_lineitem_is_told_as_duckdb_does(tmp_path: Path, form: str) -> None:
    path = lineitem(tmp_path, form, "0.01")

    found = profile_file(path, quantiles=QUANTILES)

    assert found.rows == 60_175
    assert found.run.warnings == []
    assert_same(found, path)


@pytest.mark.parametrize(("dtype", "lowest", "highest"), ENDS)
def test_the_ends_of_every_number_type_are_told(
    tmp_path: Path, dtype: pl.DataType, lowest: float, highest: float
) -> None:
    path = tmp_path / "data.parquet"
    pl.Series("n", [lowest, highest], dtype=dtype).to_frame().write_parquet(path)

    found = profile_file(path).columns["n"]

    [(low, high)] = Truth(path).rows("SELECT min(n), max(n) FROM truth")
    assert (found["min"], found["max"]) == (as_shown(low), as_shown(high))
    assert sum(found["histogram"]["counts"]) == 2


MOMENTS = st.datetimes().map(lambda moment: moment.replace(microsecond=0))
COLUMNS = [
    parametric.column("moment", strategy=MOMENTS, dtype=pl.Datetime("us"), allow_null=True),
    parametric.column("day", strategy=st.dates(dt.date(1, 1, 1)), dtype=pl.Date, allow_null=True),
    parametric.column("clock", strategy=st.times(), dtype=pl.Time, allow_null=True),
    parametric.column("sorted", strategy=st.integers(0, 3), dtype=pl.Int32, allow_null=True),
    parametric.column("money", strategy=st.decimals(-1000, 1000, places=2), dtype=pl.Decimal(12, 2), allow_null=True),
    parametric.column("space", strategy=st.text(" \t\na\u00a0", max_size=3), dtype=pl.String, allow_null=True),
    parametric.column("größe", strategy=st.floats(-1e3, 1e3, width=32), dtype=pl.Float32, allow_null=True),
    parametric.column(
        "odd", strategy=st.sampled_from([0.0, 1.5, float("nan"), float("inf"), float("-inf")]), dtype=pl.Float64
    ),
]


@given(frame=parametric.dataframes(COLUMNS, min_size=0, max_size=30))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_times_decimals_and_blanks_are_told_as_duckdb_does(
    tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame
) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    frame.with_columns(pl.col("sorted").sort()).write_parquet(path)

    assert_same(profile_file(path, quantiles=QUANTILES), path)


@given(
    frame=parametric.dataframes(
        [parametric.column(str(number), strategy=st.integers(0, 1), dtype=pl.Int8) for number in range(3)], max_size=30
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_duplicate_rows_are_told_as_duckdb_does(tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    frame.write_parquet(path)

    found = profile_file(path)

    assert_duplicates(found, Truth(path))
    assert isinstance(found.outcome.data["duplicates"], dict)
    assert found.outcome.data["duplicates"]["exact"]


@pytest.mark.parametrize("rows", [0, 1, 2, 3])
def test_the_shortest_tables_are_told_as_duckdb_does(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": [3, -1, 3], "x": [0.5, None, 2.5], "t": ["a", "", None]}).head(rows).write_parquet(path)

    assert_same(profile_file(path, quantiles=QUANTILES), path)


def test_500_columns_are_told_as_duckdb_does(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    numbers = pl.int_range(300, eager=True)
    pl.DataFrame({f"spalte_{n}": (numbers * (n + 1)) % (n + 7) for n in range(500)}).write_parquet(path)

    found = profile_file(path, quantiles=QUANTILES, correlations=False)

    assert len(found.columns) == 500
    assert_same(found, path, every=7)


@pytest.mark.parametrize("name", REAL_TABLES)
def test_real_tables_are_told_as_duckdb_does(tmp_path: Path, name: str) -> None:
    path = tmp_path / "data.parquet"
    real_table(name, tmp_path).write_parquet(path)

    found = profile_file(path, quantiles=QUANTILES)

    assert found.run.warnings == []
    assert_same(found, path)


def test_what_is_inside_of_others_is_told_as_duckdb_does(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    lists = [[n % 7, None, n] if n % 3 else [] for n in range(500)]
    pl.DataFrame({"l": [*lists, None], "s": [{"a": n % 5, "b": f"x{n % 11}"} for n in range(501)]}).write_parquet(path)
    truth = Truth(path)

    columns = profile_file(path).columns

    items, fields = columns["l"]["items"], {field["name"]: field for field in columns["s"]["fields"]}
    [expected] = truth.rows(
        "SELECT count(i), count(*), count(DISTINCT i), min(i), max(i), avg(i) FROM (SELECT unnest(l) AS i FROM truth)"
    )
    counts = [items["count"], items["count"] + items["nulls"], items["distinct"]["value"]]
    assert [*counts, items["min"], items["max"], items["mean"]] == pytest.approx(list(expected))
    [lengths] = truth.rows("SELECT min(len(l)), max(len(l)), avg(len(l)) FROM truth")
    assert list(columns["l"]["length"].values()) == pytest.approx(list(lengths))
    [(a, b)] = truth.rows("SELECT count(DISTINCT s.a), count(DISTINCT s.b) FROM truth")
    assert (fields["a"]["distinct"]["value"], fields["b"]["distinct"]["value"]) == (a, b)


@given(
    spans=st.lists(
        st.timedeltas(dt.timedelta(days=-9999), dt.timedelta(days=9999)) | st.none(), min_size=1, max_size=30
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
def test_durations_are_told_as_duckdb_does(
    tmp_path_factory: pytest.TempPathFactory, spans: list[dt.timedelta | None]
) -> None:
    path = tmp_path_factory.mktemp("frame") / "data.parquet"
    pl.DataFrame({"d": pl.Series(spans, dtype=pl.Duration("us"))}).write_parquet(path)

    found = profile_file(path).columns["d"]

    [(count, distinct, zeros, negatives, low)] = Truth(path).rows(
        "SELECT count(d), count(DISTINCT d), count(*) FILTER (d = 0), count(*) FILTER (d < 0), min(d) FROM truth"
    )
    assert (found["count"], found["distinct"]["value"]) == (count, distinct)
    assert (found["zeros"], found["negatives"]) == (zeros, negatives)
    shortest = None if low is None else pl.Series([low]).cast(pl.Duration("us")).dt.to_string("iso")[0]
    assert found["min"] == shortest
