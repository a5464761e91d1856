"""The profile's figures against DuckDB's over the same file."""

import datetime as dt
import math
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import parametric

from helpers.profiling import Profiled, profile_file

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
ENDS = [
    (pl.Int8(), -(2**7), 2**7 - 1),
    (pl.Int64(), -(2**63), 2**63 - 1),
    (pl.UInt16(), 0, 2**16 - 1),
    (pl.UInt64(), 0, 2**64 - 1),
    (pl.Float32(), -3e38, 3e38),
    (pl.Float64(), -1.7e308, 1.7e308),
]


class Truth:
    """A file in DuckDB."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute(f"CREATE TABLE truth AS FROM '{path}'")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement over the table `truth`."""
        found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found


def told_by_duckdb(truth: Truth, name: str) -> dict[str, Any]:
    """The exact statistics of one column, over finite values as far as they are numbers."""
    quoted = '"' + name.replace('"', '""') + '"'
    [(kind,)] = truth.rows(f"SELECT typeof({quoted}) FROM truth LIMIT 1")
    floating = kind in {"FLOAT", "DOUBLE"}
    value = f"CASE WHEN isfinite({quoted}) THEN {quoted} END" if floating else quoted
    numeric = floating or "INT" in kind or kind.startswith("DECIMAL")
    mean = f"avg(({value})::DOUBLE), stddev_samp(({value})::DOUBLE)" if numeric else "NULL, NULL"
    quantiles = f"quantile_disc({value}, {list(QUANTILES)})" if kind != "VARCHAR" else "NULL"
    [row] = truth.rows(
        f"SELECT count({quoted}), count(*) - count({quoted}), count(DISTINCT {quoted}), min({value}), max({value}),"
        f" {mean}, {quantiles} FROM truth"
    )
    return dict(zip(["count", "nulls", "distinct", "min", "max", "mean", "std", "quantiles"], row, strict=True))


def as_shown(value: object) -> object:
    match value:
        case dt.date() | dt.time():
            return value.isoformat()
        case bool() | None:
            return value
        case int():
            return str(value) if abs(value) > 2**53 else value
        case float() if math.isfinite(value):
            return pytest.approx(value, rel=1e-9, abs=1e-300)
        case str():
            return value
    return pytest.approx(float(value))  # type: ignore[arg-type]  # a decimal


def assert_same(found: Profiled, path: Path) -> None:
    oracle = Truth(path)
    for name, column in found.columns.items():
        truth = told_by_duckdb(oracle, name)
        assert (column["count"], column["nulls"]) == (truth["count"], truth["nulls"]), name
        error = column["distinct"].get("error", 0)
        assert column["distinct"]["value"] == pytest.approx(truth["distinct"], rel=error), name
        if "min" in column:
            assert (column["min"], column["max"]) == (as_shown(truth["min"]), as_shown(truth["max"])), name
        if column["type"] == "number" and truth["mean"] is not None:
            assert column["mean"] == pytest.approx(truth["mean"], rel=1e-9, abs=1e-9), name
        if column["type"] == "number" and truth["std"] is not None:
            assert column["std"] == pytest.approx(truth["std"], rel=1e-6, abs=1e-6), name
        if column.get("quantiles", {}).get("exact"):
            shown = list(column["quantiles"]["values"].values())
            assert shown == [as_shown(value) for value in truth["quantiles"]], name
        if "histogram" in column:
            finite = column["count"] - column.get("nan", 0) - column.get("infinite", 0)
            assert sum(column["histogram"]["counts"]) == finite, name
        assert_top(column, oracle)


def assert_top(column: dict[str, Any], oracle: Truth) -> None:
    quoted = '"' + column["name"].replace('"', '""') + '"'
    truth = oracle.rows(f"SELECT count(*) FROM truth WHERE {quoted} IS NOT NULL GROUP BY {quoted}")
    counts = sorted((row[0] for row in truth), reverse=True)
    shown = [item["count"] for item in column["top"]]
    if all(item["exact"] for item in column["top"]) and not column.get("nan") and not column.get("infinite"):
        assert shown == counts[: len(shown)], column["name"]


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
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
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
    path = lineitem(tmp_path, form, "0.02")

    found = profile_file(path, quantiles=QUANTILES)

    assert found.rows == 120_515
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
