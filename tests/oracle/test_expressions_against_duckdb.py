"""Random expressions of SQL, with hardly a bracket, give what DuckDB gives: read, guarded, written anew and computed.

What binds how strongly, and what becomes of nulls, is what a reader and a writer of SQL get wrong without a word.
"""

from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl

from processor.guard import read_query

COUNT = 150
TABLE = pl.DataFrame(
    {
        "id": range(8),
        "i": [1, 2, 3, None, 0, -5, 7, 2],
        "j": [2, 2, None, None, 1, 3, -7, 0],
        "s": ["a", "b", None, "ab", "1", "", "%", "a_b"],
        "u": ["a", None, "b", "ab", "2", "x", "%", "b"],
        "x": [True, False, None, True, None, False, True, False],
        "y": [True, True, False, None, None, False, False, True],
    }
)


class Expressions:
    """Makes expressions of each sort, no deeper than asked for."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)

    def any(self, depth: int) -> str:
        """One of any sort."""
        return self._random.choice([self.truth, self.truth, self.number, self.text])(depth)

    def number(self, depth: int) -> str:
        """A whole number."""
        if not depth:
            return self._random.choice(["i", "j", "1", "2", "3"])
        one, other, truth = self.number(depth - 1), self.number(depth - 1), self.truth(depth - 1)
        return self._one_of(
            f"{one} {self._random.choice('+-*')} {other}",
            f"{one} % 3",
            f"- {one}",
            f"coalesce({one}, {other})",
            f"nullif({one}, {other})",
            f"CASE WHEN {truth} THEN {one} ELSE {other} END",
            f"CAST({one} AS BIGINT)",
        )

    def text(self, depth: int) -> str:
        """A text."""
        if not depth:
            return self._random.choice(["s", "u", "'a'", "'%'", "'it''s'"])
        one, other, number = self.text(depth - 1), self.text(depth - 1), self.number(depth - 1)
        return self._one_of(
            f"{one} || {other}", f"upper({one})", f"CASE {number} WHEN {number} THEN {one} ELSE {other} END"
        )

    def truth(self, depth: int) -> str:
        """True, false or unknown."""
        if not depth:
            return self._random.choice(["x", "y", "TRUE"])
        one, other, word = self.truth(depth - 1), self.truth(depth - 1), self._random.choice(["", "NOT "])
        numbers, texts = self.number(depth - 1), self.text(depth - 1)
        sort = self._random.choice([self.truth, self.number, self.text])
        return self._one_of(
            f"{one} {self._random.choice(['AND', 'OR'])} {other}",
            f"NOT {one}",
            f"{numbers} {self._random.choice(['=', '<>', '<', '>='])} {self.number(depth - 1)}",
            f"{texts} {self._random.choice(['=', '<>', '<', '>='])} {self.text(depth - 1)}",
            f"{numbers} {word}BETWEEN {self.number(depth - 1)} AND 2",
            f"{numbers} {word}IN ({self.number(depth - 1)}, 2)",
            f"{texts} {word}{self._random.choice(['LIKE', 'ILIKE'])} '%a%'",
            f"{sort(depth - 1)} IS {word}NULL",
            f"{one} IS {word}{self._random.choice(['TRUE', 'FALSE'])}",
            f"{sort(depth - 1)} IS {word}DISTINCT FROM {sort(depth - 1)}",
        )

    def _one_of(self, *made: str) -> str:
        chosen = self._random.choice(made)
        return f"({chosen})" if self._random.random() < 0.15 else chosen


def duckdbs_answer(database: duckdb.DuckDBPyConnection, sql: str) -> list[Any] | None:
    """What DuckDB gives; None for what it cannot read or compute, such as two comparisons in a row."""
    try:
        return [value for (value,) in database.execute(sql).fetchall()]
    except duckdb.Error:
        return None


def test_random_expressions_give_what_duckdb_gives(tmp_path: Path) -> None:
    TABLE.write_parquet(tmp_path / "t.parquet")
    database = duckdb.connect()
    database.execute(f"CREATE TABLE t AS SELECT * FROM '{tmp_path / 't.parquet'}'")
    expressions = Expressions(seed=1)
    checked = 0
    for number in range(COUNT):
        sql = f"SELECT ({expressions.any(2 + number % 3)}) AS value FROM t ORDER BY id"
        wanted = duckdbs_answer(database, sql)
        if wanted is None:
            continue
        guarded = read_query(sql, tables={"t": TABLE.columns}, pointer="/params/sql").text
        found = pl.SQLContext(t=TABLE.lazy()).execute(guarded).collect()["value"].to_list()
        assert found == wanted, sql
        checked += 1
    assert checked > 0.9 * COUNT
