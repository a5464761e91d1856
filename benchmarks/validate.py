"""20 rules over TPC-H lineitem as Parquet, beside pointblank: the same rules, in fresh processes.

pointblank works on a table in memory, and runs in an environment of its own (`requirements-checks.lock`). Both must
find the same number of failing rows for each rule: first of smaller tables that are damaged by a seed, then of lineitem
as it is, where the time is taken (`--scale`, 1 if not given). A difference fails the benchmark.
"""

import argparse
import json
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.parts.damage import damaged
from benchmarks.parts.table_peers import Ran, measured, medians, ours, python_with_table_peers

NOT_NULL = ("l_orderkey", "l_partkey", "l_suppkey", "l_linenumber", "l_shipdate", "l_comment")
BETWEEN: dict[str, tuple[float, float]] = {
    "l_quantity": (1, 49),
    "l_discount": (0, 0.1),
    "l_tax": (0, 0.07),
    "l_linenumber": (1, 7),
    "l_extendedprice": (0, 100_000),
}
IN_SET: dict[str, list[str]] = {
    "l_returnflag": ["A", "N", "R"],
    "l_linestatus": ["F", "O"],
    "l_shipmode": ["AIR", "FOB", "MAIL", "RAIL", "REG AIR", "SHIP"],
    "l_shipinstruct": ["COLLECT COD", "DELIVER IN PERSON", "NONE"],
}
REGEX = {"l_comment": "^[a-z]", "l_shipmode": "^[A-Z ]+$", "l_shipinstruct": "^[A-Z]+ "}
UNIQUE = ["l_orderkey", "l_linenumber"]
RULES: list[dict[str, Any]] = [
    *({"rule": "not_null", "column": column} for column in NOT_NULL),
    *(
        {"rule": "between", "column": column, "min": low, "max": high, "nulls": "fail"}
        for column, (low, high) in BETWEEN.items()
    ),
    *({"rule": "in_set", "column": column, "values": values, "nulls": "fail"} for column, values in IN_SET.items()),
    *({"rule": "regex", "column": column, "pattern": pattern, "nulls": "fail"} for column, pattern in REGEX.items()),
    {"rule": "expression", "nulls": "fail", "expression": "l_shipdate <= l_receiptdate"},
    {"rule": "unique", "columns": UNIQUE, "nulls": "equal"},
]
POINTBLANK = """
import json, sys
import pointblank as pb, polars as pl
path, (not_null, between, in_set, regex, unique) = sys.argv[1], json.loads(sys.argv[2])
check = pb.Validate(pl.read_parquet(path))
for column in not_null:
    check = check.col_vals_not_null(column)
for column, (low, high) in between.items():
    check = check.col_vals_between(column, low, high)
for column, values in in_set.items():
    check = check.col_vals_in_set(column, values)
for column, pattern in regex.items():
    check = check.col_vals_regex(column, pattern)
check = check.col_vals_expr(pl.col("l_shipdate") <= pl.col("l_receiptdate")).rows_distinct(columns_subset=unique)
check = check.interrogate()
print(json.dumps([check.n_failed()[number] for number in sorted(check.n_failed())]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="TPC-H scale factor; 1 is 6,001,215 rows")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-mb", type=int, default=2048)
    parser.add_argument("--damaged", type=int, default=5, help="so many damaged tables before")
    parser.add_argument("--peers", type=Path, help="a Python that has pointblank already")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        program = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
        command = [program, "parquet", "-s", asked.scale, "-T", "lineitem", "-o", folder]
        subprocess.run(command, check=True, capture_output=True)
        peers = asked.peers or python_with_table_peers(folder / "peers")
        for seed in range(asked.damaged):
            broken = damaged(pl.read_parquet(folder / "lineitem.parquet", n_rows=50_000), seed=seed)
            broken.write_parquet(folder / "damaged.parquet")
            print(f"  damaged table {seed}, {broken.height:,} rows")
            pair(folder / "damaged.parquet", folder, peers, memory_mb=asked.memory_mb, timed=False)
        path = folder / "lineitem.parquet"
        runs = [pair(path, folder, peers, memory_mb=asked.memory_mb) for _ in range(asked.repeats)]
        medians([mine for mine, _ in runs], [theirs for _, theirs in runs], peer="pointblank")
    finally:
        shutil.rmtree(folder)


def pair(path: Path, folder: Path, peers: Path, *, memory_mb: int, timed: bool = True) -> tuple[Ran, Ran]:
    """Run both over one table.

    Raises:
        SystemExit: they find other counts.
    """
    mine = ours("validate", {"data": path}, {"rules": RULES}, folder=folder, memory_mb=memory_mb)
    theirs = measured(peers, POINTBLANK, path, json.dumps([NOT_NULL, BETWEEN, IN_SET, REGEX, UNIQUE]))
    failing = [rule["failing"] for rule in mine.found["rules"]]
    if timed:
        print(mine.told("sundog validate"))
        print(theirs.told("pointblank"))
        print(f"  {mine.beside(theirs)}")
    if failing != theirs.found:
        raise SystemExit(f"they differ:\n{failing}\n{theirs.found}")
    print(f"  {len(failing)} rules, {sum(count > 0 for count in failing)} of them broken, the same counts in both")
    return mine, theirs


if __name__ == "__main__":
    main()
