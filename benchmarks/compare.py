"""Two tables of 10 columns by a key, beside datacompy, in fresh processes.

datacompy works on tables in memory, and needs an older Polars; it runs in an environment of its own
(`requirements-checks.lock`). Both must find the same, first of smaller tables that are damaged by a seed, then of the
large ones of 10 million rows (`--rows` takes others), where the time is taken; a difference fails the benchmark.
Drift, which datacompy does not know, is left out. `--growth 1000000 4000000 16000000` runs ours alone and tells how its
peak memory grows with the rows.
"""

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from benchmarks.parts.damage import damaged
from benchmarks.parts.table_peers import EndedError, Ran, measured, medians, ours, python_with_table_peers

DATACOMPY = """
import json, sys
import polars as pl
from datacompy import PolarsCompare
found = PolarsCompare(pl.read_parquet(sys.argv[1]), pl.read_parquet(sys.argv[2]), join_columns=["id"], abs_tol=0.5)
columns = {one["column"]: one["unequal_cnt"] for one in found.column_stats if one["column"] != "id"}
print(json.dumps([found.df1_unq_rows.height, found.df2_unq_rows.height, found.intersect_rows.height, columns]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000, help="of each table")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-mb", type=int, default=2048)
    parser.add_argument("--alone", action="store_true", help="ours alone, where datacompy has too little memory")
    parser.add_argument("--damaged", type=int, default=5, help="so many damaged tables before")
    parser.add_argument("--peers", type=Path, help="a Python that has datacompy already")
    parser.add_argument("--growth", type=int, nargs="*", help="ours alone at so many rows: does memory grow with them?")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        if asked.growth:
            growth(folder, asked.growth, memory_mb=asked.memory_mb)
            return
        peers = None if asked.alone else asked.peers or python_with_table_peers(folder / "peers")
        for seed in range(asked.damaged if peers else 0):
            write_damaged(folder, seed=seed)
            pair(folder, peers, memory_mb=asked.memory_mb, timed=False)
        write(folder, asked.rows)
        runs = [pair(folder, peers, memory_mb=asked.memory_mb) for _ in range(asked.repeats)]
        medians([mine for mine, _ in runs], [theirs for _, theirs in runs if theirs is not None], peer="datacompy")
    finally:
        shutil.rmtree(folder)


def write(folder: Path, rows: int) -> None:
    """Two tables of five numbers, three texts and a flag by a shuffled key, of which one row in a thousand differs."""
    numbers = [pl.int_range(rows, eager=True).shuffle(seed=seed).alias(f"n{seed}") for seed in range(3)]
    shares = [(pl.int_range(rows, eager=True).shuffle(seed=seed) / 7).alias(f"x{seed}") for seed in (3, 4)]
    words = [pl.int_range(rows, eager=True).shuffle(seed=seed) % 1000 for seed in (5, 6, 7)]
    texts = [
        pl.select(pl.format("text {}", word).alias(f"s{seed}")).to_series()
        for seed, word in zip((5, 6, 7), words, strict=True)
    ]
    key = pl.int_range(rows, eager=True).shuffle(seed=8).alias("id")
    before = pl.DataFrame([key, *numbers, *shares, *texts, (numbers[0] % 2 == 0).alias("flag")])
    before[: rows - rows // 1000].write_parquet(folder / "left.parquet", row_group_size=100_000)
    some = pl.col("id") % 1000 == 1
    after = before.reverse().with_columns(
        pl.when(some).then(-1).otherwise("n1").alias("n1"),
        (pl.col("x3") + pl.when(some).then(1.0).otherwise(0.1)).alias("x3"),
        pl.when(some).then(pl.lit("new")).otherwise("s6").alias("s6"),
    )
    after[: rows - rows // 500].write_parquet(folder / "right.parquet", row_group_size=100_000)


def growth(folder: Path, sizes: Sequence[int], *, memory_mb: int) -> None:
    """Peak memory by rows, with the share of each step that a table in memory would take for it."""
    before: tuple[int, float] | None = None
    for rows in sizes:
        write(folder, rows)
        files = {side: folder / f"{side}.parquet" for side in ("left", "right")}
        held = sum(pl.scan_parquet(path).head(100_000).collect().estimated_size() for path in files.values()) / 100_000
        mine = ours("compare", files, {"keys": ["id"], "drift": False}, folder=folder, memory_mb=memory_mb)
        told = mine.told(f"{rows:,} rows")
        if before is not None:
            step = (mine.peak_mb - before[1]) / ((rows - before[0]) * held / (1 << 20))
            told += f"  {step:.2f} of what the further rows are in memory"
        print(told, flush=True)
        before = rows, mine.peak_mb


def write_damaged(folder: Path, *, seed: int) -> None:
    """A smaller table, and the same damaged by a seed; of each key one row, as datacompy pairs others its own way."""
    write(folder, 50_000)
    before = pl.read_parquet(folder / "left.parquet")
    after = damaged(before, seed=seed).unique("id", maintain_order=True).drop_nulls("id")
    after.write_parquet(folder / "right.parquet")
    print(f"  damaged table {seed}, {before.height:,} and {after.height:,} rows")


def pair(folder: Path, peers: Path | None, *, memory_mb: int, timed: bool = True) -> tuple[Ran, Ran | None]:
    """Run both over two tables; None for datacompy where it did not come to its end, which is told.

    Raises:
        SystemExit: they find other differences.
    """
    files = {side: folder / f"{side}.parquet" for side in ("left", "right")}
    params = {"keys": ["id"], "absolute": 0.5, "drift": False}
    mine = ours("compare", files, params, folder=folder, memory_mb=memory_mb)
    if timed:
        print(mine.told("sundog compare"))
    if peers is None:
        return mine, None
    try:
        theirs = measured(peers, DATACOMPY, files["left"], files["right"])
    except EndedError as end:
        print(
            f"  datacompy ended with {end}: too little memory for these tables? --rows makes them smaller", flush=True
        )
        return mine, None
    if timed:
        print(theirs.told("datacompy"))
        print(f"  {mine.beside(theirs)}")
    data = mine.found
    columns = {column["name"]: column["changed"] for column in data["columns"]}
    found = [data["only_left"]["rows"], data["only_right"]["rows"], data["matched"], columns]
    if found != theirs.found:
        raise SystemExit(f"they differ:\n{found}\n{theirs.found}")
    print(f"  {data['changed']:,} changed rows of {data['matched']:,}, the same counts in both")
    return mine, theirs


if __name__ == "__main__":
    main()
