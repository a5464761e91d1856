"""Profile of TPC-H lineitem beside DuckDB's SUMMARIZE: the same file, the same number of threads, in paired runs.

Each run is a fresh process, and its wall time holds the start of the interpreter; peak memory is what the kernel says
of it (`ru_maxrss`). The order within a pair alternates, so that neither has the warmer cache; `--cold` empties the
system's cache of the file before each run. SUMMARIZE gives twelve figures a column, distinct and quantiles approximate;
the profile gives all that docs/kinds/profile.md lists.

`--scale 10 --formats parquet` is the large form (it needs 3 GB of disk, which it gives back). `--parts` measures what
each optional part costs, by CPU time beside the whole, and the time until the first partial result. `--memory 512` runs
the profile as a task of a real `sundog up` instead, in a confined child that may use so many MiB, and tells what the
attempt says of itself; the yardstick of its memory is that limit.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2

from benchmarks.latency import sundog_up
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.installation import installation
from sundog.client import SundogClient

PROFILE = """
import json
import sys
import time
from pathlib import Path
from helpers.recording_run import RecordingRun
from processor.analyses.profile import KIND
from processor.kind import Input
path = Path(sys.argv[1])
data = Input(name="data", filename=path.name, path=path, sha256="", bytes=path.stat().st_size)
began = time.perf_counter()
class Run(RecordingRun):
    def partial(self, result, *, estimate):
        if not self.partials and len(sys.argv) > 3:
            print(f"  first partial      {time.perf_counter() - began:6.2f} s after the start", flush=True)
        super().partial(result, estimate=estimate)
params = KIND.params(**json.loads(sys.argv[3] if len(sys.argv) > 3 else "{}"))
KIND.analyse(Run(Path(sys.argv[2])), {"data": data}, params)
"""
PARTS = ("duplicates", "patterns", "correlations", "running")
SUMMARIZE = """
import sys
import duckdb
connection = duckdb.connect(config={"threads": int(sys.argv[2])})
connection.execute("SET enable_progress_bar = false")
connection.execute(f"SUMMARIZE FROM '{sys.argv[1]}'").fetchall()
"""
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def measured(program: str, *arguments: object, threads: int) -> Cost:
    paths = os.pathsep.join([str(ROOT / "src"), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads), "PYTHONPATH": paths}
    started = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], env=environment)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"a run ended with {child.returncode}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def forget(path: Path) -> None:
    """Take the file out of the system's cache, so that the next to read it must go to the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def pairs(path: Path, scratch: Path, *, repeats: int, threads: int, is_cold: bool) -> tuple[list[Cost], list[Cost]]:
    ours: list[Cost] = []
    theirs: list[Cost] = []
    for number in range(repeats):
        order = ("ours", "theirs") if number % 2 == 0 else ("theirs", "ours")
        for turn in order:
            if is_cold:
                forget(path)
            if turn == "ours":
                ours.append(measured(PROFILE, path, scratch, threads=threads))
            else:
                theirs.append(measured(SUMMARIZE, path, threads, threads=threads))
    return ours, theirs


def parts(path: Path, scratch: Path, *, repeats: int, threads: int) -> None:
    """What the whole costs with each part switched off, in turns, by the least CPU time of all repeats."""
    choices = {"whole": {}, **{part: {part: False} for part in PARTS}}
    costs: dict[str, list[float]] = {name: [] for name in choices}
    for _ in range(repeats):
        for name, params in choices.items():
            costs[name].append(measured(PROFILE, path, scratch, json.dumps(params), threads=threads).cpu_s)
    whole = min(costs["whole"])
    for part in PARTS:
        print(f"  {part:18} {(whole - min(costs[part])) / whole:6.1%} of {whole:.2f} s CPU")


async def as_task(path: Path, *, memory_mb: int, repeats: int, threads: int) -> None:
    """Profile the file with one attempt a task, which ends where it needs more memory than it may use."""
    settings = {"SUNDOG_PROCESSOR_SLOTS": 1, "SUNDOG_PROCESSOR_THREADS": threads}
    async with installation() as here, sundog_up(here, **settings) as port:
        url = f"http://127.0.0.1:{port}"
        async with SundogClient(url) as client, httpx2.AsyncClient(base_url=url) as http:
            dataset = str((await client.upload(path))["id"])
            asked = {"kind": "profile", "inputs": {"data": dataset}, "memory_mb": memory_mb, "max_attempts": 1}
            for _ in range(repeats):
                task = (await http.post("/v1/tasks", json=asked)).raise_for_status().json()["id"]
                async for _ in client.follow(task):
                    pass
                [attempt] = (await client.task(task))["attempts"]
                told_of_attempt(attempt, memory_mb=memory_mb)


def told_of_attempt(attempt: dict[str, Any], *, memory_mb: int) -> None:
    began, ended = (datetime.fromisoformat(attempt[key]) for key in ("started_at", "finished_at"))
    name, peak = f"confined child, {attempt['outcome']}", attempt["peak_memory_bytes"] / (1 << 20)
    compare(f"{name}: peak memory", peak, memory_mb, unit="MiB", goal=f"≤ {memory_mb} MiB")
    tell(f"{name}: wall time", (ended - began).total_seconds(), unit="s")
    tell(f"{name}: CPU time", attempt["cpu_seconds"], unit="s")


def told(name: str, costs: list[Cost]) -> float:
    wall = statistics.median(cost.wall_s for cost in costs)
    cpu = statistics.median(cost.cpu_s for cost in costs)
    peak = max(cost.peak_mb for cost in costs)
    print(f"  {name:18} {wall:6.2f} s wall  {cpu:6.2f} s CPU  {peak:5.0f} MB peak")
    return wall


def generated(folder: Path, form: str, scale: str) -> Path:
    program = Path(sysconfig.get_path("scripts")) / "tpchgen-cli"
    subprocess.run([program, form, "-s", scale, "-T", "lineitem", "-o", folder], check=True, capture_output=True)
    return folder / f"lineitem.{form}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="TPC-H scale factor; 1 is 6,001,215 rows")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of runs a file")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--formats", nargs="+", default=["csv", "parquet"], choices=["csv", "parquet"])
    parser.add_argument("--parts", action="store_true", help="measure what each optional part costs instead")
    parser.add_argument("--cold", action="store_true", help="take the file out of the system's cache before each run")
    parser.add_argument("--memory", type=int, help="MiB that a confined child may use; runs tasks instead of processes")
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        for form in asked.formats:
            path = generated(folder, form, asked.scale)
            size = path.stat().st_size / 1e6
            print(f"lineitem SF{asked.scale} as {form}, {size:.0f} MB, {asked.threads} threads, {asked.repeats} pairs")
            if asked.memory:
                headline("the limit")
                ask = as_task(path, memory_mb=asked.memory, repeats=asked.repeats, threads=asked.threads)
                asyncio.run(ask)
                path.unlink()
                continue
            if asked.parts:
                parts(path, folder, repeats=asked.repeats, threads=asked.threads)
                path.unlink()
                continue
            ours, theirs = pairs(path, folder, repeats=asked.repeats, threads=asked.threads, is_cold=asked.cold)
            ratio = told("sundog profile", ours) / told("duckdb SUMMARIZE", theirs)
            print(f"  ratio              {ratio:6.2f} (below 1: the profile is faster)")
            work = statistics.median(c.cpu_s for c in ours) / statistics.median(c.cpu_s for c in theirs)
            print(f"  ratio of CPU time  {work:6.2f}")
            path.unlink()
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
