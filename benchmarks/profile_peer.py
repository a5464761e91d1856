"""A profile of 1,000,000 rows of lineitem as CSV, beside fg-data-profiling (once pandas-profiling, ydata-profiling).

Each run is a fresh process. Ours gives all of `docs/kinds/profile.md`; the peer runs in its `minimal` form, which
leaves out correlations and much else, and writes its JSON; it is installed into an environment of its own
(`requirements-profiling.lock`).
"""

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from benchmarks.parts.figures import compare, headline
from benchmarks.parts.table_peers import ROOT, measured, ours, python_with_table_peers
from helpers.tpch import make_tables

LOCK = ROOT / "benchmarks" / "requirements-profiling.lock"
THEIRS = """
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
from data_profiling import ProfileReport
report = ProfileReport(pd.read_csv(sys.argv[1]), minimal=True, progress_bar=False)
print(json.dumps(len(report.to_json())))
"""


def head(source: Path, rows: int) -> Path:
    """The first rows of a CSV file, as a file."""
    path = source.with_name(f"{rows}-rows.csv")
    with source.open("rb") as whole, path.open("wb") as part:
        for number, line in enumerate(whole):
            if number > rows:
                break
            part.write(line)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        scale = f"{asked.rows / 6_000_000 + 0.01:.3f}"
        path = head(make_tables(folder, scale=scale, form="csv", only=["lineitem"])["lineitem"], asked.rows)
        peer = python_with_table_peers(folder / "peer", lock=LOCK)
        runs = [
            (
                ours("profile", {"data": path}, {}, folder=folder, memory_mb=512),
                measured(peer, THEIRS, path),
            )
            for _ in range(asked.repeats)
        ]
        headline("fg-data-profiling, minimal")
        name = f"{asked.rows:,} rows, median of {asked.repeats}"
        mine, theirs = ([run[side] for run in runs] for side in (0, 1))
        compare(
            name,
            statistics.median(run.wall_s for run in mine),
            statistics.median(run.wall_s for run in theirs),
            unit="s",
            goal="≤ 0.1",
        )
        compare("CPU", min(run.cpu_s for run in mine), min(run.cpu_s for run in theirs), unit="s")
        compare("peak memory", max(run.peak_mb for run in mine), max(run.peak_mb for run in theirs), unit="MB")
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
