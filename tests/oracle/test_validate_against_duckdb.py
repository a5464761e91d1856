"""What breaks a rule according to `validate`, and according to SQL of DuckDB over the same file.

Each rule comes with the SQL that is true of a row that breaks it. Small tables are made up at random; a larger one is
damaged by a seed, and its keys are cut into shards.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

import duckdb
import polars as pl
import pytest

from helpers.checking import validate

DAYS: Final = [date(2024, 2, 29), date(2024, 3, 1), date(1969, 12, 31), date(2026, 11, 28)]
MOMENTS: Final = [
    *map(datetime.fromisoformat, ("2024-02-29T12:00:00", "2024-02-29T12:00:00.000001", "1969-12-31T23:59:59"))
]
POOLS: Final[dict[str, list[Any]]] = {
    "i": [0, 1, 2, 3, -1, 7, 2**53 + 1, 2**53, -(2**63), 2**63 - 1],
    "j": [0, 1, 2],
    "x": [0.0, -0.0, 0.1, 1.0, 2.5, -1.0, math.nan, math.inf, -math.inf],
    "m": [Decimal("0.10"), Decimal("0.11"), Decimal("1.00"), Decimal("-2.50"), Decimal("9007199254740993.00")],
    "s": [
        *("", "a", "A", "ab", "é", "日本", " a", "a\nb", "10", "-7", "1.5", "true", "o'x"),
        *("2024-02-29", "2024-02-30", "12:30:00", "2024-02-29 12:30:00"),
    ],
    "d": DAYS,
    "t": MOMENTS,
    "b": [True, False],
    "c": ["a", "ab", "B", ""],
}
SCHEMA: Final = pl.Schema(
    [
        *(("i", pl.Int64), ("j", pl.Int16), ("x", pl.Float64), ("m", pl.Decimal(20, 2)), ("s", pl.String)),
        *(("d", pl.Date), ("t", pl.Datetime("us")), ("b", pl.Boolean), ("c", pl.Categorical())),
    ]
)
NUMBERS: Final[dict[str, list[Any]]] = {
    "i": [0, 2, -1, 2**53, 2.5],
    "x": [0, 0.1, 1, 2.5, -1],
    "m": ["0.10", 0.11, 1, "9007199254740993"],
}
BOUNDS: Final[dict[str, list[Any]]] = NUMBERS | {
    "s": ["", "a", "ab", "o'x"],
    "c": ["", "a", "ab", "B", "never"],
    "d": [day.isoformat() for day in DAYS],
    "t": [moment.isoformat() for moment in MOMENTS],
}
NULLS: Final = ["pass", "fail"]
PATTERNS: Final = ["a", "^a$", "^[0-9]+$", "^.$", "[^a-z]", "^(a|b)*$", r"^\d{4}-\d\d-\d\d$", "(?i)^A", r"\s", "^$"]
# Said in the same words to both.
CONDITIONS: Final = [
    "i > 0", "i <= j", "s LIKE 'a%'", "i BETWEEN 0 AND 3 OR b", "x IS NOT NULL", "coalesce(j, 0) = 0", "NOT b",
    "s IN ('a', 'ab')", "d >= DATE '2024-03-01'", "b AND j = 1", "i = 9007199254740993", "m > 0.10", "s = 'o''x'",
]  # fmt: skip
TYPES: Final = {
    "integer": r"regexp_full_match(s, '[+-]?\d+')",
    "number": r"regexp_full_match(s, '[+-]?\d+(\.\d+)?')",
    "date": r"regexp_full_match(s, '\d{4}-\d\d-\d\d') AND try_cast(s AS DATE) IS NOT NULL",
    "datetime": r"regexp_full_match(s, '\d{4}-\d\d-\d\d([ T]\d\d:\d\d:\d\d)?')"
    " AND try_cast(s AS TIMESTAMP) IS NOT NULL",
    "time": r"regexp_full_match(s, '\d\d:\d\d:\d\d')",
    "boolean": "s IN ('true', 'false')",
    "text": "true",
}


@dataclass(frozen=True)
class Case:
    """A rule, and the SQL that is true of the rows that break it.

    Attributes:
        missing: how the rule takes a row for which `broken` is null.
        present: columns without which a row is not looked at.
    """

    rule: dict[str, Any]
    broken: str
    missing: str = "fail"
    present: Sequence[str] = ()

    def counted_by_duckdb(self, connection: duckdb.DuckDBPyConnection) -> tuple[int, int, list[int]]:
        looked_at = [f"({self.rule.get('where', 'true')})", *(f"{column} IS NOT NULL" for column in self.present)]
        return connection.execute(
            f"""
            WITH chosen AS (SELECT * FROM checked WHERE {" AND ".join(looked_at)}),
                 judged AS (SELECT n, coalesce({self.broken}, {self.missing == "fail"}) AS is_broken FROM chosen)
            SELECT count(*), count(*) FILTER (is_broken),
                   coalesce(list(n ORDER BY n) FILTER (is_broken), [])[:5]
            FROM judged
            """
        ).fetchall()[0]


def literal(value: Any, column: str) -> str:
    text = f"'{str(value).replace(chr(39), chr(39) * 2)}'" if isinstance(value, str) else repr(value)
    kinds = {"d": "DATE", "t": "TIMESTAMP", "m": "DECIMAL(38, 2)", "x": "DOUBLE"}
    return f"CAST({text} AS {kinds[column]})" if column in kinds else text


def not_null(chance: Random) -> Case:
    column = chance.choice([*POOLS])
    return Case({"rule": "not_null", "column": column}, f"{column} IS NULL")


def in_set(chance: Random) -> Case:
    column, nulls, negate = chance.choice([*BOUNDS]), chance.choice(NULLS), chance.choice([True, False])
    values = chance.sample(BOUNDS[column], chance.randrange(1, 4))
    found = f"{column} IN ({', '.join(literal(value, column) for value in values)})"
    rule = {"rule": "in_set", "column": column, "values": values, "negate": negate, "nulls": nulls}
    return Case(rule, found if negate else f"NOT ({found})", nulls)


def between(chance: Random) -> Case:
    column, nulls = chance.choice([*BOUNDS]), chance.choice(NULLS)
    low, high = chance.sample([*BOUNDS[column], None], 2)
    inclusive = chance.choice(["both", "min", "max", "neither"])
    bounds = ((">", low, "min"), ("<", high, "max"))
    inside = " AND ".join(
        f"{column} {sign}{'=' if inclusive in {'both', end} else ''} {literal(value, column)}"
        for sign, value, end in bounds
        if value is not None
    )
    if column == "x":
        inside += " AND NOT isnan(x)"
    rule = {"rule": "between", "column": column, "min": low, "max": high, "inclusive": inclusive, "nulls": nulls}
    return Case(rule, f"NOT ({inside})", nulls)


def regex(chance: Random) -> Case:
    column = chance.choice(["s", "c"])
    pattern, negate, nulls = chance.choice(PATTERNS), chance.choice([True, False]), chance.choice(NULLS)
    rule = {"rule": "regex", "column": column, "pattern": pattern, "negate": negate, "nulls": nulls}
    found = f"regexp_matches({column}, '{pattern}')"
    return Case(rule, found if negate else f"NOT {found}", nulls)


def length(chance: Random) -> Case:
    low, high, nulls = chance.randrange(4), chance.choice([None, 1, 2, 10]), chance.choice(NULLS)
    broken = f"length(s) < {low}" + ("" if high is None else f" OR length(s) > {high}")
    return Case({"rule": "length", "column": "s", "min": low, "max": high, "nulls": nulls}, broken, nulls)


def of_type(chance: Random) -> Case:
    name, nulls = chance.choice([*TYPES]), chance.choice(NULLS)
    broken = f"CASE WHEN s IS NOT NULL THEN NOT ({TYPES[name]}) END"
    return Case({"rule": "type", "column": "s", "type": name, "nulls": nulls}, broken, nulls)


def unique(chance: Random) -> Case:
    columns = chance.sample([*POOLS], chance.randrange(1, 4))
    nulls = chance.choice(["ignore", "equal"])
    broken = f"count(*) OVER (PARTITION BY {', '.join(columns)}) > 1"
    rule = {"rule": "unique", "columns": columns, "nulls": nulls}
    return Case(rule, broken, present=columns if nulls == "ignore" else ())


def monotonic(chance: Random) -> Case:
    column = chance.choice(["i", "m", "s", "d", "t"])
    direction, strictly = chance.choice(["increasing", "decreasing"]), chance.choice([True, False])
    sign = {"increasing": "<", "decreasing": ">"}[direction] + ("=" if strictly else "")
    earlier = f"last_value({column} IGNORE NULLS) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    rule = {"rule": "monotonic", "column": column, "direction": direction, "strictly": strictly}
    return Case(rule, f"{column} {sign} {earlier}", "pass")


def foreign_key(chance: Random) -> Case:
    columns = chance.choice([["i"], ["s"], ["d"], ["j", "b"], ["m", "t"]])
    match = " AND ".join(f"r.{column} = chosen.{column}" for column in columns)
    broken = f"NOT EXISTS (SELECT 1 FROM reference AS r WHERE {match})"
    return Case({"rule": "foreign_key", "columns": columns}, broken, present=columns)


def expression(chance: Random) -> Case:
    text, nulls = chance.choice(CONDITIONS), chance.choice(NULLS)
    return Case({"rule": "expression", "expression": text, "nulls": nulls}, f"NOT ({text})", nulls)


SORTS: Final = [not_null, in_set, between, regex, length, of_type, unique, monotonic, foreign_key, expression]


def some_rules(chance: Random) -> list[Case]:
    """Four rules of each sort, some only for chosen rows, some with a tolerance."""
    more: list[dict[str, Any]] = [{}, {"where": chance.choice(CONDITIONS)}, {"tolerance_count": chance.randrange(9)}]
    drawn = [sort(chance) for sort in SORTS for _ in range(4)]
    return [replace(one, rule=one.rule | chance.choice(more)) for one in drawn]


def some_rows(chance: Random) -> pl.DataFrame:
    """A small table whose values often come twice."""
    pools = [chance.sample(pool, min(len(pool), 5)) for pool in POOLS.values()]
    rows = [[chance.choice([None, *pool, *pool]) for pool in pools] for _ in range(chance.choice([0, 1, 8, 20, 20]))]
    return pl.DataFrame(rows, SCHEMA, orient="row")


def hold(data: pl.DataFrame, reference: pl.DataFrame, rules: Sequence[Case], *, memory_mb: int = 1024) -> None:
    """Check the table by both; they must find the same rows."""
    with TemporaryDirectory() as folder, duckdb.connect(config={"threads": 1}) as connection:
        told = validate(Path(folder), data, *(case.rule for case in rules), reference=reference, memory_mb=memory_mb)
        for name, path in (("checked", "data"), ("reference", "reference")):
            connection.execute(
                f"CREATE TABLE {name} AS SELECT *, file_row_number + 1 AS n"
                " FROM read_parquet(?, file_row_number = true)",
                [f"{folder}/{path}"],
            )
        for case, found in zip(rules, told.rules, strict=True):
            checked, broken, rows = case.counted_by_duckdb(connection)
            assert found["status"] != "error", found
            examples = [example["row"] for example in found["examples"]]
            assert (found["checked"], found["failing"], examples) == (checked, broken, rows), case
            assert (found["status"] == "passed") == (broken <= case.rule.get("tolerance_count", 0)), case
        assert (told.data["verdict"] == "passed") == all(rule["status"] == "passed" for rule in told.rules)


@pytest.mark.parametrize("seed", range(20))
def test_rules_are_broken_by_the_rows_that_duckdb_finds(seed: int) -> None:
    chance = Random(seed)
    hold(some_rows(chance), some_rows(chance), some_rules(chance))


def sound(rows: int, *, seed: int) -> pl.DataFrame:
    """A table that keeps most rules: its keys ascend, no two are the same, its texts are of one form."""
    chance = Random(seed)
    start = datetime.fromisoformat("2024-01-01T00:00:00")
    made = {
        "i": list(range(rows)),
        "j": [chance.randrange(3) for _ in range(rows)],
        "x": [chance.random() for _ in range(rows)],
        "m": [Decimal(number) / 100 for number in range(rows)],
        "s": [f"key {number:05}" + "x" * 40 for number in range(rows)],
        "d": [start.date() + timedelta(number // 10) for number in range(rows)],
        "t": [start + timedelta(seconds=number) for number in range(rows)],
        "b": [chance.random() < 0.5 for _ in range(rows)],
        "c": ["a"] * rows,
    }
    return pl.DataFrame(made, SCHEMA)


def damaged(frame: pl.DataFrame, *, seed: int) -> pl.DataFrame:
    """The same with some cells null, some wrong, some rows twice and some out of place."""
    chance = Random(seed)
    rows = [list(row) for row in frame.rows()]
    pools = list(POOLS.values())
    for _ in range(chance.randrange(60)):
        row, column = chance.choice(rows), chance.randrange(len(pools))
        row[column] = chance.choice([None, *pools[column]])
    for _ in range(chance.randrange(10)):
        rows.insert(chance.randrange(len(rows)), chance.choice(rows))
    return pl.DataFrame(rows, SCHEMA, orient="row")


DAMAGED: Final = [
    *(Case({"rule": "not_null", "column": column}, f"{column} IS NULL") for column in POOLS),
    *(
        Case(
            {"rule": "unique", "columns": columns},
            f"count(*) OVER (PARTITION BY {', '.join(columns)}) > 1",
            present=columns,
        )
        for columns in (["i"], ["s"], ["t", "j"])
    ),
    Case({"rule": "regex", "column": "s", "pattern": "^key [0-9]{5}x+$"}, "NOT s SIMILAR TO 'key [0-9]{5}x+'", "pass"),
    Case({"rule": "length", "column": "s", "min": 49, "max": 49}, "length(s) <> 49", "pass"),
    Case({"rule": "between", "column": "x", "min": 0, "max": 1}, "isnan(x) OR x < 0 OR x > 1", "pass"),
    Case({"rule": "expression", "expression": "i < 9000 AND m >= 0"}, "NOT (i < 9000 AND m >= 0)", "pass"),
    *(
        Case(
            {"rule": "monotonic", "column": column},
            f"{column} < last_value({column} IGNORE NULLS)"
            " OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)",
            "pass",
        )
        for column in ("i", "m", "d", "t")
    ),
    *(
        Case(
            {"rule": "foreign_key", "columns": [column]},
            f"{column} NOT IN (SELECT {column} FROM reference WHERE {column} IS NOT NULL)",
            present=[column],
        )
        for column in ("i", "s", "t")
    ),
]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("memory_mb", [1024, 1])
def test_of_a_damaged_table_the_same_rows_are_found_in_memory_and_in_shards(seed: int, memory_mb: int) -> None:
    whole = sound(5000, seed=seed)
    hold(damaged(whole, seed=seed), whole.sample(fraction=0.99, seed=seed), DAMAGED, memory_mb=memory_mb)
