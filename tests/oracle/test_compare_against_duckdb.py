"""The differences that `compare` finds against those that DuckDB finds with joins and EXCEPT ALL."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers.checking import compare

ROWS = st.lists(
    st.tuples(
        st.sampled_from([None, 0, 1, 2, 3, -1]),
        st.sampled_from([None, "", "a", "A", "b"]),
        st.sampled_from([None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1.0, 1.05, 2.5]),
        st.sampled_from([None, "x", "y ", "Y"]),
        st.sampled_from([None, True, False]),
    ),
    max_size=12,
)
SCHEMA = {"k": pl.Int64, "m": pl.String, "x": pl.Float64, "s": pl.String, "b": pl.Boolean}
# Rows that share a key are matched in the order of their values, nulls first; null equals null, and NaN equals NaN.
MATCHED = """
    WITH l AS (SELECT *, row_number() OVER (PARTITION BY k, m ORDER BY x NULLS FIRST, s NULLS FIRST, b NULLS FIRST) AS n
               FROM lefts),
         r AS (SELECT *, row_number() OVER (PARTITION BY k, m ORDER BY x NULLS FIRST, s NULLS FIRST, b NULLS FIRST) AS n
               FROM rights),
         j AS (SELECT l.n AS ln, r.n AS rn, l.x AS lx, r.x AS rx, l.s AS ls, r.s AS rs, l.b AS lb, r.b AS rb
               FROM l FULL JOIN r ON l.k IS NOT DISTINCT FROM r.k AND l.m IS NOT DISTINCT FROM r.m AND l.n = r.n)
    SELECT count(*) FILTER (rn IS NULL), count(*) FILTER (ln IS NULL), count(*) FILTER (both_),
           count(*) FILTER (both_ AND dx), count(*) FILTER (both_ AND ds), count(*) FILTER (both_ AND db),
           count(*) FILTER (both_ AND (dx OR ds OR db))
    FROM (SELECT *, ln IS NOT NULL AND rn IS NOT NULL AS both_,
                 lx IS DISTINCT FROM rx
                     AND NOT coalesce(isfinite(lx) AND isfinite(rx)
                                      AND abs(lx - rx) <= $absolute + $relative * abs(rx), false) AS dx,
                 ls IS DISTINCT FROM rs AS ds, lb IS DISTINCT FROM rb AS db
          FROM j)
"""
REPEATED = "SELECT count(*), coalesce(sum(c), 0) FROM (SELECT count(*) AS c FROM {} GROUP BY k, m HAVING count(*) > 1)"


def told_by_duckdb(left: pl.DataFrame, right: pl.DataFrame, *, absolute: float, relative: float) -> dict[str, Any]:
    connection = duckdb.connect(config={"threads": 1})
    for name, frame in (("lefts", left), ("rights", right)):
        connection.execute(f"CREATE TABLE {name} (k BIGINT, m VARCHAR, x DOUBLE, s VARCHAR, b BOOLEAN)")
        if frame.height:
            connection.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?, ?)", frame.rows())
    closeness = {"absolute": absolute, "relative": relative}
    keyed = connection.execute(MATCHED, closeness).fetchall()[0]
    only = [
        connection.execute(f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})").fetchall()[0][0]
        for one, other in (("lefts", "rights"), ("rights", "lefts"))
    ]
    repeated = [connection.execute(REPEATED.format(name)).fetchall()[0] for name in ("lefts", "rights")]
    return {"keyed": keyed, "only": only, "repeated": repeated}


@settings(max_examples=25, deadline=None)
@given(left=ROWS, right=ROWS, close=st.sampled_from([(0.0, 0.0), (0.06, 0.0), (0.0, 0.049), (0.5, 0.5)]))
def test_differences_are_those_that_duckdb_finds(left: list[Any], right: list[Any], close: tuple[float, float]) -> None:
    before = pl.DataFrame(left, schema=SCHEMA, orient="row")
    after = pl.DataFrame(right, schema=SCHEMA, orient="row")
    absolute, relative = close
    truth = told_by_duckdb(before, after, absolute=absolute, relative=relative)
    with TemporaryDirectory() as folder:
        keyed = compare(Path(folder), before, after, keys=["k", "m"], absolute=absolute, relative=relative).data
        whole = compare(Path(folder), before, after).data

    columns = {column["name"]: column["changed"] for column in keyed["columns"]}
    found = (keyed["only_left"]["rows"], keyed["only_right"]["rows"], keyed["matched"])
    assert (*found, columns["x"], columns["s"], columns["b"], keyed["changed"]) == truth["keyed"]
    repeated = [
        (keyed["repeated_keys"][side]["keys"], keyed["repeated_keys"][side]["rows"]) for side in ("left", "right")
    ]
    assert repeated == truth["repeated"]
    assert [whole["only_left"]["rows"], whole["only_right"]["rows"]] == truth["only"]
    assert whole["identical"] == (truth["only"] == [0, 0])
