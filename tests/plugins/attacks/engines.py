"""What engines do that want more of a machine than a file to read, behind all walls, as a program.

The environment has the settings that make Polars spill; what it found is told on standard output.
"""

import json
import os
import sys
from pathlib import Path

import duckdb
import polars as pl

from processor.confinement.enclosure import Enclosure
from processor.confinement.wall import Wall

ROWS = 3_000_000


def work() -> dict[str, object]:
    """Sort more than memory may hold, ask another engine about it, and leave no thread out."""
    many = pl.LazyFrame({"a": range(ROWS)}).with_columns(b=pl.col("a").hash() % ROWS, c=pl.col("a").cast(pl.String))
    many.sort("b").sink_parquet("sorted.parquet")
    return {
        "rows": pl.scan_parquet("sorted.parquet").select(pl.len()).collect().item(),
        "groups": duckdb.connect().execute("SELECT count(DISTINCT b) > 1000 FROM 'sorted.parquet'").fetchall()[0][0],
        "spilled": [path.name for path in Path("spill").iterdir()] == [str(os.getpid())],
    }


def main(folder: Path) -> None:
    enclosure = Enclosure.plan(hidden=[], scratch_bytes=1 << 30)
    if (pid := os.fork()) == 0:
        os.umask(0o077)
        for wall in Wall:
            enclosure.build(wall, folder=folder)
        os.chdir(folder / "scratch")
        json.dump(work(), sys.stdout)
        sys.stdout.flush()
        os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
