"""Conversions of lineitem: CSV into Parquet, and Parquet into CSV, beside DuckDB's COPY.

Each run is a fresh interpreter, with the same number of threads, in turns; both know nothing of the file before. DuckDB
writes Parquet with zstd, as the kind does. Peak memory is what the kernel says of the process (`ru_maxrss`).
"""

import argparse
import os
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.parts.figures import compare, headline, tell
from benchmarks.query import ran
from helpers.tpch import make_tables

OURS = """
import sys, tempfile
from pathlib import Path
from helpers.recording_run import RecordingRun
from processor.analyses.convert import KIND
from processor.kind import Input
path, form, folder = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
source = Input(name="data", filename=path.name, path=path, sha256="", bytes=path.stat().st_size)
with tempfile.TemporaryDirectory(dir=folder) as scratch:
    outcome = KIND.analyse(RecordingRun(Path(scratch)), {"data": source}, KIND.params(format=form))
    print(outcome.data["bytes"])
"""
THEIRS = """
import os, sys
import duckdb
path, form, folder = sys.argv[1:4]
connection = duckdb.connect(config={"threads": int(os.environ["POLARS_MAX_THREADS"])})
connection.execute("SET enable_progress_bar = false")
how = "FORMAT parquet, COMPRESSION zstd" if form == "parquet" else "FORMAT csv, HEADER"
connection.execute(f"COPY (SELECT * FROM '{path}') TO '{folder}/out' ({how})")
print(os.path.getsize(f"{folder}/out"))
"""


def compared(path: Path, form: str, folder: Path, *, repeats: int, threads: int) -> None:
    """Tell the medians of both, one after the other in turns."""
    times: dict[str, list[float]] = {OURS: [], THEIRS: []}
    peaks: dict[str, float] = {OURS: 0.0, THEIRS: 0.0}
    sizes: dict[str, float] = {}
    for number in range(repeats):
        for program in (OURS, THEIRS) if number % 2 == 0 else (THEIRS, OURS):
            said, took, peak = ran(program, path, form, folder, threads=threads)
            times[program].append(took)
            peaks[program] = max(peaks[program], peak)
            sizes[program] = int(said) / 1e6
    name = f"{path.suffix[1:]} to {form}"
    ours, theirs = (statistics.median(times[program]) for program in (OURS, THEIRS))
    compare(f"{name}, median of {repeats}", ours, theirs, unit="s", goal="≤ 1.2")
    compare(f"{name}, best run", min(times[OURS]), min(times[THEIRS]), unit="s")
    compare(f"{name}, peak memory", peaks[OURS], peaks[THEIRS], unit="MB")
    compare(f"{name}, size of the file", sizes[OURS], sizes[THEIRS], unit="MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="TPC-H scale factor; 1 is 6,001,215 rows")
    parser.add_argument("--repeats", type=int, default=3, help="pairs of runs")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        tell("threads", asked.threads, unit="")
        headline("DuckDB, COPY")
        for form, target in (("csv", "parquet"), ("parquet", "csv")):
            path = make_tables(folder, scale=asked.scale, form=form, only=["lineitem"])["lineitem"]
            compared(path, target, folder, repeats=asked.repeats, threads=asked.threads)
            path.unlink()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
