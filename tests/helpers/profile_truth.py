"""What DuckDB says of a file, and whether a profile of it says the same."""

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from helpers.profiling import Profiled

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_STEPS = {"day": 86_400, "hour": 3_600, "minute": 60, "second": 1}


class Truth:
    """A file in DuckDB."""

    def __init__(self, path: Path) -> None:
        self._connection = duckdb.connect(config={"threads": 1})
        self._connection.execute(f"CREATE TABLE truth AS FROM '{path}'")
        columns = self.rows("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'truth'")
        self._kinds: dict[str, str] = dict(columns)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a statement over the table `truth`."""
        found: list[tuple[Any, ...]] = self._connection.execute(sql).fetchall()
        return found

    def kind(self, name: str) -> str:
        """The type of a column in DuckDB's words."""
        return self._kinds[name]


def told_by_duckdb(truth: Truth, name: str) -> dict[str, Any]:
    """The exact statistics of one column, over finite values as far as they are numbers."""
    quoted = '"' + name.replace('"', '""') + '"'
    kind = truth.kind(name)
    floating = kind in {"FLOAT", "DOUBLE"}
    value = f"CASE WHEN isfinite({quoted}) THEN {quoted} END" if floating else quoted
    numeric = floating or "INT" in kind or kind.startswith("DECIMAL")
    averaged = f"({value})::DOUBLE" if floating else value  # of whole numbers DuckDB's sum is exact
    mean = f"avg({averaged}), stddev_samp(({value})::DOUBLE)" if numeric else "NULL, NULL"
    quantiles = f"quantile_disc({value}, {list(QUANTILES)})" if kind != "VARCHAR" else "NULL"
    [row] = truth.rows(
        f"SELECT count({quoted}), count(*) - count({quoted}), count(DISTINCT {quoted}), min({value}), max({value}),"
        f" {mean}, {quantiles} FROM truth"
    )
    return dict(zip(["count", "nulls", "distinct", "min", "max", "mean", "std", "quantiles"], row, strict=True))


_SHORTEST: Final = ("seconds", "milliseconds", "microseconds")


def as_shown(value: object) -> object:  # noqa: PLR0911  # one answer a type
    match value:
        case dt.time():
            return value.isoformat(_SHORTEST[(value.microsecond > 0) + (value.microsecond % 1000 > 0)])
        case dt.date():
            return value.isoformat("T", "microseconds") if isinstance(value, dt.datetime) else value.isoformat()
        case int() if not isinstance(value, bool) and abs(value) > 2**53:
            return str(value)
        case bool() | None | str() | int():
            return value
        case float() if math.isfinite(value):
            return pytest.approx(value, rel=1e-9, abs=1e-300)
        case Decimal() if Decimal(repr(float(value))) != value:
            return str(value)  # no float holds it
    return pytest.approx(float(value))  # type: ignore[arg-type]  # a decimal


def assert_same(found: Profiled, path: Path, *, every: int = 1) -> None:
    """The columns (or each n-th), the duplicate rows and the correlations, against the same file in DuckDB."""
    oracle = Truth(path)
    for column in list(found.columns.values())[::every]:
        assert_figures(column, told_by_duckdb(oracle, column["name"]))
        assert_top(column, oracle)
        assert_order(column, oracle)
        assert_repetition(column, oracle)
        match column["type"]:
            case "number":
                assert_shape(column, oracle)
            case "text" | "category":
                assert_texts(column, oracle)
            case "time":
                assert_gaps(column, oracle)
    assert_duplicates(found, oracle)
    assert_correlations(found, oracle)


def assert_figures(column: dict[str, Any], truth: dict[str, Any]) -> None:
    """Counts, extremes, mean, deviation and quantiles."""
    name = column["name"]
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


def assert_top(column: dict[str, Any], oracle: Truth) -> None:
    quoted = '"' + column["name"].replace('"', '""') + '"'
    truth = oracle.rows(f"SELECT count(*) FROM truth WHERE {quoted} IS NOT NULL GROUP BY {quoted}")
    counts = sorted((row[0] for row in truth), reverse=True)
    shown = [item["count"] for item in column["top"]]
    if all(item["exact"] for item in column["top"]) and not column.get("nan") and not column.get("infinite"):
        assert shown == counts[: len(shown)], column["name"]


def quoted(name: str) -> str:
    """A name as SQL."""
    return '"' + name.replace('"', '""') + '"'


def assert_shape(column: dict[str, Any], oracle: Truth) -> None:
    """Skewness and kurtosis, by their definitions in two passes: DuckDB's own sums lose digits far from zero."""
    name = quoted(column["name"])
    kind = oracle.kind(column["name"])
    finite = f"isfinite({name})" if kind in {"FLOAT", "DOUBLE"} else f"{name} IS NOT NULL"
    [row] = oracle.rows(
        f"WITH x AS (SELECT {name}::DOUBLE AS v FROM truth WHERE {finite}), m AS (SELECT avg(v) AS m FROM x)"
        " SELECT count(*), sum((v - m) ** 2), sum((v - m) ** 3), sum((v - m) ** 4), sum(v), min(v), max(v) FROM x, m"
    )
    n, second, third, fourth, total, low, high = row
    if n and kind not in {"FLOAT", "DOUBLE"}:
        [(exact,)] = oracle.rows(f"SELECT sum({name})::VARCHAR FROM truth")
        assert Decimal(str(column["sum"])) == Decimal(exact), name
    if not n or not math.isfinite(fourth) or not math.isfinite(second**2):
        return
    assert float(column["sum"]) == pytest.approx(total, rel=1e-9, abs=1e-9 * n * max(abs(low), abs(high))), name
    far = max(abs(low), abs(high)) * 1e-12  # deviations that are only rounding have no shape
    if low == high or second <= n * far**2:
        return
    if n >= 3:
        skewness = math.sqrt(n) * third / second**1.5 * math.sqrt(n * (n - 1)) / (n - 2)
        assert column["skewness"] == pytest.approx(skewness, rel=1e-5, abs=1e-5), name
    if n >= 4:
        kurtosis = ((n + 1) * (n * fourth / second**2 - 3) + 6) * (n - 1) / ((n - 2) * (n - 3))
        assert column["kurtosis"] == pytest.approx(kurtosis, rel=1e-5, abs=1e-4), name


def assert_texts(column: dict[str, Any], oracle: Truth) -> None:
    """Lengths, and texts that say nothing."""
    name = quoted(column["name"])
    # White space as Unicode has it, which trim() alone does not know.
    bare = f"regexp_replace({name}, '^[\\s\\x{{85}}\\x{{a0}}\\p{{Z}}]+|[\\s\\x{{85}}\\x{{a0}}\\p{{Z}}]+$', '', 'g')"
    [row] = oracle.rows(
        f"SELECT min(length({name})), max(length({name})), avg(length({name})), count(*) FILTER ({name} = ''),"
        f" count(*) FILTER ({name} <> '' AND {bare} = ''), count(*) FILTER ({bare} <> '' AND {bare} <> {name})"
        " FROM truth"
    )
    low, high, mean, empty, blank, padded = row
    assert column["length"] == {"min": low, "max": high, "mean": mean if mean is None else pytest.approx(mean)}, name
    assert (column["empty"], column["blank"], column["padded"]) == (empty, blank, padded), name


def assert_order(column: dict[str, Any], oracle: Truth) -> None:
    """How each value follows the one before, in the file's order."""
    name = quoted(column["name"])
    [(up, down, level)] = oracle.rows(
        f"WITH s AS (SELECT {name} AS b, lag({name}) OVER (ORDER BY rowid) AS a FROM truth WHERE {name} IS NOT NULL)"
        " SELECT count(*) FILTER (b > a) > 0, count(*) FILTER (b < a) > 0, count(*) FILTER (b = a) > 0 FROM s"
    )
    words = {
        (True, False, False): "strictly increasing",
        (True, False, True): "increasing",
        (False, True, False): "strictly decreasing",
        (False, True, True): "decreasing",
        (False, False, True): "constant",
        (False, False, False): None,
    }
    assert column.get("order") == words.get((up, down, level), "none"), name


def assert_repetition(column: dict[str, Any], oracle: Truth) -> None:
    """Whether a value comes twice, and which ones come least often."""
    name = quoted(column["name"])
    groups = oracle.rows(f"SELECT count(*) FROM truth WHERE {name} IS NOT NULL GROUP BY {name} ORDER BY 1")
    counts = [count for (count,) in groups]
    if column["unique"]["exact"]:
        assert column["unique"]["value"] == (bool(counts) and max(counts) == 1), name
    if column["rare"] and not column.get("nan") and not column.get("infinite"):
        assert [item["count"] for item in column["rare"]] == counts[: len(column["rare"])], name


def assert_gaps(column: dict[str, Any], oracle: Truth) -> None:
    """The steps that are missing, and the widest gap."""
    if not column["count"]:
        return
    name, step = quoted(column["name"]), _STEPS.get(column["granularity"])
    [(expected, distinct, widest)] = oracle.rows(
        f"WITH d AS (SELECT DISTINCT epoch({name})::DOUBLE AS t FROM truth WHERE {name} IS NOT NULL),"
        " g AS (SELECT t, t - lag(t) OVER (ORDER BY t) AS gap FROM d)"
        f" SELECT (max(t) - min(t)) / {step or 1} + 1, count(*), max(gap) FROM g"
    )
    if step and "steps" in column:
        assert (column["steps"], column["steps_missing"]) == (expected, expected - distinct), name
    gap = column.get("largest_gap")
    assert (gap is None) == (widest is None), name
    if gap and column["granularity"] in _STEPS:
        start, end = (_moment(gap[side]) for side in ("from", "to"))
        allowed = 0.001 if gap["exact"] else 1e-3 * widest
        assert (end - start).total_seconds() == pytest.approx(widest, abs=allowed), name


def _moment(text: str) -> dt.datetime:
    """A time, of some day where it is one of a day."""
    is_clock = "-" not in text
    return (
        dt.datetime.combine(dt.date.min, dt.time.fromisoformat(text)) if is_clock else dt.datetime.fromisoformat(text)
    )


def assert_duplicates(found: Profiled, oracle: Truth) -> None:
    """Rows that repeat an earlier one."""
    [(truth,)] = oracle.rows(
        "SELECT (SELECT count(*) FROM truth) - (SELECT count(*) FROM (SELECT DISTINCT * FROM truth))"
    )
    told = found.outcome.data["duplicates"]
    assert isinstance(told, dict)
    assert told["rows"] == pytest.approx(truth, abs=told.get("error", 0))


def assert_correlations(found: Profiled, oracle: Truth) -> None:
    """Pearson, Spearman and the correlation ratio over all rows, within the stated error."""
    told = found.outcome.data.get("correlations")
    if told is None:
        return
    assert isinstance(told, dict)
    unbounded = told.get("unbounded", ())
    for measure in ("pearson", "spearman"):
        names = told[measure]["columns"]
        pairs = [(i, j) for i in range(len(names)) for j in range(i)]
        if measure == "pearson":
            pairs = [(i, j) for i, j in pairs if not {names[i], names[j]} & set(unbounded)]
        truths = correlations(oracle, measure, [(names[i], names[j]) for i, j in pairs])
        for (i, j), (truth, both) in zip(pairs, truths, strict=True):
            value, error = told[measure]["values"][i][j], error_of(told[measure], i, j)
            assert (value is None) == (both < 3 or truth is None or not math.isfinite(truth)), (names[i], names[j])
            assert value is None or value == pytest.approx(truth, abs=error), (measure, names[i], names[j])
    ratios = told["correlation_ratio"]
    for i, (category, row) in enumerate(zip(ratios["rows"], ratios["values"], strict=True)):
        for j, (name, value) in enumerate(zip(ratios["columns"], row, strict=True)):
            if name in unbounded:
                continue
            [(truth, pairs)] = oracle.rows(_RATIO.format(a=quoted(category), b=number(oracle, name)))
            assert (value is None) == (pairs < 3 or truth is None), (category, name)
            assert value is None or value == pytest.approx(truth, abs=error_of(ratios, i, j)), (category, name)


def error_of(table: dict[str, Any], row: int, column: int) -> float:
    """How wrong a figure of a matrix may be."""
    return table["errors"][row][column] or 0 if "errors" in table else 1e-5


def correlations(oracle: Truth, measure: str, pairs: Sequence[tuple[str, str]]) -> list[tuple[float | None, int]]:
    """The measure of each pair of columns, and how many rows have both; one statement, since planning takes longer."""
    if not pairs:
        return []
    sql = _CORRELATION[measure]
    each = [sql.format(at=at, a=number(oracle, a), b=number(oracle, b)) for at, (a, b) in enumerate(pairs)]
    found = oracle.rows(" UNION ALL ".join(f"({one})" for one in each) + " ORDER BY 1")
    return [(truth, both) for _, truth, both in found]


def number(oracle: Truth, name: str) -> str:
    """A column as a DOUBLE, times by their seconds, what is not finite as NULL."""
    kind = oracle.kind(name)
    if kind in {"FLOAT", "DOUBLE"}:
        return f"(CASE WHEN isfinite({quoted(name)}) THEN {quoted(name)} END)::DOUBLE"
    is_time = kind.startswith(("DATE", "TIME"))
    return f"epoch({quoted(name)})::DOUBLE" if is_time else f"{quoted(name)}::DOUBLE"


_CORRELATION = {
    "pearson": "SELECT {at}, corr({a}, {b}), count(*) FILTER ({a} IS NOT NULL AND {b} IS NOT NULL) FROM truth",
    # Ranks by groups of equal values, each in the middle of its places: windows over all rows take ten times as long.
    "spearman": "WITH p AS (SELECT {a} AS a, {b} AS b FROM truth WHERE {a} IS NOT NULL AND {b} IS NOT NULL),"
    " x AS (SELECT a, sum(n) OVER (ORDER BY a) - (n - 1) / 2 AS r FROM (SELECT a, count(*) AS n FROM p GROUP BY a)),"
    " y AS (SELECT b, sum(n) OVER (ORDER BY b) - (n - 1) / 2 AS r FROM (SELECT b, count(*) AS n FROM p GROUP BY b))"
    " SELECT {at}, corr(x.r, y.r), count(*) FROM p JOIN x USING (a) JOIN y USING (b)",
}
_RATIO = (
    "WITH p AS (SELECT {a} AS a, {b} AS b FROM truth WHERE {a} IS NOT NULL AND {b} IS NOT NULL),"
    " g AS (SELECT count(*) AS n, avg(b) AS m FROM p GROUP BY a),"
    " t AS (SELECT avg(b) AS m, nullif(var_pop(b) * count(*), 0) AS v FROM p)"
    " SELECT sqrt(sum(n * (g.m - t.m) ** 2) / any_value(t.v)), coalesce(sum(n), 0) FROM g, t"
)
