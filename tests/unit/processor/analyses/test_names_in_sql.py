"""SQL over columns whose names mean something to Polars, or to the guard: each is the column of that name."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.checking import run_kind, stored, validate
from helpers.querying import query
from processor.analyses.convert import KIND as CONVERT

ODD = pl.DataFrame(
    {"^a$": [1, None], "a": [10, 20], "*": [5, 6], "^[ab]$": ["x", "=y"], "SCAN": ["CT SCAN", "b"], "b": [7, 8]}
)


@pytest.mark.parametrize(
    ("sql", "names", "rows"),
    [
        ("SELECT * FROM t ORDER BY a", ODD.columns, [list(row) for row in ODD.rows()]),
        ('SELECT "^a$", "*" FROM t ORDER BY a', ["^a$", "*"], [[1, 5], [None, 6]]),
        ('SELECT sum("^a$") AS s, "*" FROM t GROUP BY "*" ORDER BY "*" DESC', ["s", "*"], [[None, 6], [1, 5]]),
        ('SELECT x."^b$" FROM (SELECT a AS "^b$", b FROM t) AS x ORDER BY b', ["^b$"], [[10], [20]]),
        (
            'SELECT t."^a$", u."*" AS "^.*$" FROM t JOIN "^u$" AS u USING (a) ORDER BY a',
            ["^a$", "^.*$"],
            [[1, 5], [None, 6]],
        ),
        ('WITH "^w$" AS (SELECT "^a$" FROM "^u$") SELECT * FROM "^w$" WHERE "^a$" = 1', ["^a$"], [[1]]),
        ("SELECT a FROM t WHERE \"SCAN\" = 'CT SCAN'", ["a"], [[10]]),
        ('SELECT "SCAN" FROM t ORDER BY "SCAN" DESC', ["SCAN"], [["b"], ["CT SCAN"]]),
    ],
)
@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_query_finds_them(tmp_path: Path, sql: str, names: list[str], rows: list[list[Any]], form: str) -> None:
    path = stored(tmp_path, "t.parquet", ODD)
    done = query(tmp_path, {"t": path, "^u$": path}, sql, format=form)

    assert [column["name"] for column in done.data["columns"]] == names
    assert done.preview == rows
    assert "name0_" not in done.data["plan"]


@pytest.mark.parametrize(
    ("condition", "rows"),
    [('"^a$" = 1', [10]), ('"*" = 6', [20]), ("\"SCAN\" = 'CT SCAN'", [10]), ("\"^[ab]$\" = '=y'", [20])],
)
def test_a_filter_finds_them(tmp_path: Path, condition: str, rows: list[int]) -> None:
    done = run_kind(CONVERT, tmp_path, {"data": stored(tmp_path, "t.parquet", ODD)}, filter=condition)

    assert pl.read_parquet(done.artifact("data.parquet"))["a"].to_list() == rows


def test_rules_find_them(tmp_path: Path) -> None:
    done = validate(
        tmp_path,
        ODD,
        {"rule": "expression", "expression": '"*" > 5 AND "^a$" IS NOT NULL'},
        {"rule": "unique", "columns": ["a"], "where": '"^a$" = 1'},
        {"rule": "not_null", "column": "^a$", "where": "\"SCAN\" = 'CT SCAN'"},
    )

    assert [(rule["status"], rule["checked"]) for rule in done.rules] == [("failed", 2), ("passed", 1), ("passed", 1)]
    assert [example["values"] for example in done.rules[0]["examples"]] == [{"*": 5, "^a$": 1}, {"*": 6, "^a$": None}]


@pytest.mark.parametrize("text", ["a = (SELECT 1 FROM read_csv('/etc/passwd'))", "read_csv('/etc/passwd') = a"])
def test_a_rule_that_would_read_is_refused_and_never_passed(tmp_path: Path, text: str) -> None:
    done = validate(
        tmp_path,
        ODD,
        {"rule": "expression", "expression": text},
        {"rule": "not_null", "column": "a", "where": text},
        {"rule": "unique", "columns": ["a"], "where": text},
    )

    assert [rule["status"] for rule in done.rules] == ["error"] * 3
    assert not any("root:" in str(rule) for rule in done.rules)
