"""The 22 questions of TPC-H at scale factor 0.1, answered as DuckDB answers them."""

import math
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from helpers.querying import query
from helpers.tpch import QUESTIONS, duckdb_over, make_tables

# Number of each question that Polars' SQL cannot say → why. docs/kinds/query.md says the same.
CANNOT: Mapping[int, str] = {}


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    return make_tables(tmp_path_factory.mktemp("tpch"), scale="0.1")


@pytest.fixture(scope="session")
def oracle(tables: Mapping[str, Path]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb_over(tables) as connection:
        yield connection


def test_all_questions_are_here() -> None:
    assert list(QUESTIONS) == list(range(1, 23))


@pytest.mark.parametrize("number", [number for number in QUESTIONS if number not in CANNOT])
def test_an_answer_is_duckdbs(
    tmp_path: Path, tables: Mapping[str, Path], oracle: duckdb.DuckDBPyConnection, number: int
) -> None:
    sql = QUESTIONS[number].read_text(encoding="utf-8")
    used = {name: path for name, path in tables.items() if name in sql}
    answered = query(tmp_path, used, sql, preview_rows=0)

    expected = oracle.execute(sql).fetchall()
    assert expected
    assert_same(answered.frame().rows(), expected)


def test_the_page_says_how_many_can_be_asked() -> None:
    page = (Path(__file__).parents[4] / "docs" / "kinds" / "query.md").read_text(encoding="utf-8")
    listed = [f"- Q{number}: {why}" for number, why in CANNOT.items()]
    assert all(line in page for line in listed)
    assert f"{len(QUESTIONS) - len(CANNOT)} of the 22 queries of TPC-H" in page


def assert_same(rows: Sequence[Sequence[Any]], expected: Sequence[Sequence[Any]]) -> None:
    """The same rows in the same order; sums of decimals as floats may differ in their last digits."""
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        assert len(row) == len(wanted)
        assert all(is_same(value, other) for value, other in zip(row, wanted, strict=True)), (row, wanted)


def is_same(value: object, other: object) -> bool:
    if isinstance(value, int | float | Decimal) and isinstance(other, int | float | Decimal):
        return math.isclose(value, other, rel_tol=1e-9)
    return value == other
