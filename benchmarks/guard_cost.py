"""What the guard costs a statement: reading it, writing it anew, and looking at the plan, beside Polars' own planning.

In one process, over tables in files of 1,000 rows, so that planning is all there is to do: the 22 questions of TPC-H,
and single expressions as rules and filters have them. The yardstick is what Polars needs for the same text without a
guard: its plan and its schema for a query, its expression for an expression. Medians of so many rounds in turns.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import polars as pl

from benchmarks.parts.figures import compare, headline
from helpers.tpch import QUESTIONS, make_tables
from processor.guard import guard_expression, guard_query, refuse_foreign_paths

POINTER = "/params/sql"
COLUMNS = ("l_quantity", "l_discount", "l_comment", "l_shipdate", "l_returnflag")
EXPRESSIONS = {
    "a short filter": "l_discount > 0.05",
    "a filter of five parts": "l_discount BETWEEN 0.05 AND 0.07 AND l_quantity < 24 AND l_returnflag IN ('A', 'R')"
    " AND upper(l_comment) NOT LIKE '%SPECIAL%' AND l_shipdate >= DATE '1994-01-01'",
    "1,000 values": f"l_quantity IN ({', '.join(map(str, range(1_000)))})",
}


def planned(sql: str, frames: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
    plan = pl.SQLContext(frames).execute(sql)
    plan.collect_schema()
    return plan


def medians(works: Mapping[str, Callable[[], object]], *, rounds: int) -> Mapping[str, float]:
    """Milliseconds of each, in turns."""
    took: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            began = time.perf_counter()
            work()
            took[name].append((time.perf_counter() - began) * 1000)
    return {name: statistics.median(times) for name, times in took.items()}


def of_queries(folder: Path, *, rounds: int) -> None:
    """Each question of TPC-H, and all of them."""
    paths = make_tables(folder, scale="0.001")
    frames = {name: pl.scan_parquet(path, glob=False) for name, path in paths.items()}
    columns = {name: frame.collect_schema().names() for name, frame in frames.items()}
    sums = {"text": 0.0, "plan": 0.0, "polars": 0.0}
    for number, path in QUESTIONS.items():
        sql = path.read_text(encoding="utf-8")
        plan = planned(sql, frames)
        found = medians(
            {
                "text": partial(guard_query, sql, tables=columns, pointer=POINTER),
                "plan": partial(refuse_foreign_paths, plan, frames=frames.values(), pointer=POINTER),
                "polars": partial(planned, sql, frames),
            },
            rounds=rounds,
        )
        compare(f"Q{number}, text and plan", found["text"] + found["plan"], found["polars"], unit="ms")
        sums = {name: total + found[name] for name, total in sums.items()}
    compare(
        "a question on average: its text", sums["text"] / len(QUESTIONS), sums["polars"] / len(QUESTIONS), unit="ms"
    )
    compare(
        "a question on average: its plan", sums["plan"] / len(QUESTIONS), sums["polars"] / len(QUESTIONS), unit="ms"
    )


def of_expressions(*, rounds: int) -> None:
    """Each expression."""
    for name, text in EXPRESSIONS.items():
        found = medians(
            {
                "guarded": partial(guard_expression, text, columns=COLUMNS, pointer=POINTER),
                "polars": partial(pl.sql_expr, text),
            },
            rounds=rounds,
        )
        compare(name, found["guarded"], found["polars"], unit="ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        headline("Polars without a guard")
        of_queries(folder, rounds=asked.rounds)
        of_expressions(rounds=asked.rounds)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
