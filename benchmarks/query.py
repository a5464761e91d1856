"""Queries: a long statement by the platform beside plain Polars; the 22 questions of TPC-H beside DuckDB.

The statement sorts nearly half of lineitem and keeps all of it as Parquet. By the platform: from the POST to a real
`sundog up` until its end was seen, the dataset handed in before. Plain: a fresh interpreter that scans the same file,
runs the same text and sinks it. Both in turns, with the same number of threads; the processor runs one child at a time.

The questions are answered in fresh processes, all of them in a row: by the kind (guard, first answer from samples,
artifact, plan) and by DuckDB (COPY to Parquet). Peak memory is what the kernel says of a process (`ru_maxrss`).
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from benchmarks.latency import sundog_up
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.installation import installation
from helpers.tpch import QUESTIONS, make_tables
from sundog.client import SundogClient

STATEMENT = "SELECT * FROM lineitem WHERE l_discount > 0.05 ORDER BY l_extendedprice DESC, l_orderkey, l_linenumber"
PLAIN = """
import sys
import polars as pl
frames = {"lineitem": pl.scan_parquet(sys.argv[1])}
pl.SQLContext(frames).execute(sys.argv[2]).sink_parquet(sys.argv[3])
"""
OURS = """
import json, sys, tempfile, time
from pathlib import Path
from helpers.recording_run import RecordingRun
from processor.analyses.query import KIND
from processor.kind import Input
tables, questions = (json.loads(each) for each in sys.argv[1:3])
for number, sql in questions.items():
    used = [Path(path) for name, path in tables.items() if name in sql]
    inputs = {
        path.stem: Input(name=path.stem, filename=path.name, path=path, sha256="", bytes=path.stat().st_size)
        for path in used
    }
    with tempfile.TemporaryDirectory(dir=sys.argv[3]) as scratch:
        began = time.perf_counter()
        KIND.analyse(RecordingRun(Path(scratch)), inputs, KIND.params(sql=sql))
        print(json.dumps([number, time.perf_counter() - began]))
"""
THEIRS = """
import json, os, sys, time
import duckdb
tables, questions = (json.loads(each) for each in sys.argv[1:3])
connection = duckdb.connect(config={"threads": int(os.environ["POLARS_MAX_THREADS"])})
connection.execute("SET enable_progress_bar = false")
for name, path in tables.items():
    connection.execute(f"CREATE VIEW {name} AS SELECT * FROM '{path}'")
for number, sql in questions.items():
    began = time.perf_counter()
    connection.execute(f"COPY ({sql}) TO '{sys.argv[3]}/out.parquet'")
    print(json.dumps([number, time.perf_counter() - began]))
"""


def ran(program: str, *arguments: object, threads: int) -> tuple[str, float, float]:
    """What a fresh interpreter printed, its wall time in seconds, and its peak memory in MB."""
    environment = {**os.environ, "POLARS_MAX_THREADS": str(threads)}
    began = time.perf_counter()
    command = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"a run ended with {child.returncode}")
    return said, time.perf_counter() - began, usage.ru_maxrss / 1024


async def by_the_platform(client: SundogClient, dataset: str) -> tuple[float, float]:
    """Seconds from the POST until the end was seen, and the attempt's peak memory in MB."""
    began = time.perf_counter()
    task = await client.submit("query", inputs={"lineitem": dataset}, params={"sql": STATEMENT})
    async for _ in client.follow(task["id"]):
        pass
    took = time.perf_counter() - began
    ended = await client.task(task["id"])
    assert ended["state"] == "succeeded", ended["error"]
    return took, (ended["attempts"][-1].get("peak_memory_bytes") or 0) / (1 << 20)


async def overhead(path: Path, *, repeats: int, threads: int) -> None:
    ours: list[float] = []
    plain: list[float] = []
    peaks: list[float] = []
    peaks_plain: list[float] = []
    one = {"SUNDOG_PROCESSOR_SLOTS": 1, "SUNDOG_PROCESSOR_THREADS": threads}
    async with (
        installation() as here,
        sundog_up(here, **one) as port,
        SundogClient(f"http://127.0.0.1:{port}") as client,
    ):
        dataset = str((await client.upload(path))["id"])
        await by_the_platform(client, dataset)  # brings the input to the processor, once
        for number in range(repeats):
            for turn in ("ours", "plain") if number % 2 == 0 else ("plain", "ours"):
                if turn == "ours":
                    took, peak = await by_the_platform(client, dataset)
                    ours.append(took)
                    peaks.append(peak)
                else:
                    target = here.folder / "plain.parquet"
                    _, took, peak = await asyncio.to_thread(ran, PLAIN, path, STATEMENT, target, threads=threads)
                    plain.append(took)
                    peaks_plain.append(peak)
    headline("plain Polars in a fresh interpreter")
    compare(
        f"the statement, median of {repeats}",
        statistics.median(ours),
        statistics.median(plain),
        unit="s",
        goal="≤ 1.15",
    )
    compare("its best run", min(ours), min(plain), unit="s")
    compare("peak memory of its process", max(peaks), max(peaks_plain), unit="MB")


def questions(tables: Mapping[str, Path], folder: Path, *, repeats: int, threads: int) -> None:
    asked = json.dumps({number: path.read_text(encoding="utf-8") for number, path in QUESTIONS.items()})
    paths = json.dumps({name: str(path) for name, path in tables.items()})
    ours: list[Mapping[str, Any]] = []
    theirs: list[Mapping[str, Any]] = []
    peaks = [0.0, 0.0]
    for number in range(repeats):
        turns = [(OURS, ours, 0), (THEIRS, theirs, 1)]
        for program, took, place in turns if number % 2 == 0 else turns[::-1]:
            said, _, peak = ran(program, paths, asked, folder, threads=threads)
            took.append({str(question): seconds for question, seconds in map(json.loads, said.splitlines())})
            peaks[place] = max(peaks[place], peak)
    headline("DuckDB, COPY to Parquet")
    medians = [
        {question: statistics.median(run[question] for run in runs) for question in runs[0]} for runs in (ours, theirs)
    ]
    for question in medians[0]:
        compare(f"Q{question}", medians[0][question] * 1000, medians[1][question] * 1000, unit="ms")
    compare("all of them", *(sum(median.values()) for median in medians), unit="s")
    compare("peak memory of the process", *peaks, unit="MB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", default="1", help="TPC-H scale factor of the statement's lineitem")
    parser.add_argument("--questions-scale", default="0.1", help="TPC-H scale factor of the 22 questions")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        small = make_tables(folder, scale=asked.questions_scale)
        tell("threads", asked.threads, unit="")
        print(f"\n  22 questions, scale factor {asked.questions_scale}, medians of {asked.repeats}")
        questions(small, folder, repeats=asked.repeats, threads=asked.threads)
        print(f"\n  one statement over lineitem, scale factor {asked.scale}, of a median of so long:")
        large = make_tables(folder, scale=asked.scale, only=["lineitem"])["lineitem"]
        tell("rows of lineitem", duckdb.read_parquet(str(large)).shape[0], unit="")
        asyncio.run(overhead(large, repeats=asked.repeats, threads=asked.threads))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
