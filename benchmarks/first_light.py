"""The first partial result at a watcher, for files of 10 MB and of 1 GB; `--megabytes 10000` for 10 GB.

`--forms csv.gz csv.zst ndjson xlsx` hands the same table in in other forms; the megabytes are those of the plain CSV,
and a sheet ends at the last row that Excel knows.

A CSV of that size is made by repeating what TPC-H's lineitem says, handed in to a real `sundog up`, and profiled by two
tasks, one after the other: the first is also the first to bring the input to the processor. From the POST, and from the
`started` event, until the first partial came; both as a watcher of the event stream sees them. Then the task is
cancelled. The yardstick is a fresh process in which DuckDB summarises the first 10,000 rows of the same file.
"""

import argparse
import asyncio
import itertools
import shutil
import sys
import tempfile
import time
from pathlib import Path

import httpx2

from benchmarks.latency import sundog_up
from benchmarks.parts.figures import compare, headline
from benchmarks.parts.forms import FORMS, in_form
from benchmarks.parts.installation import installation
from benchmarks.query import ran
from helpers.tpch import make_tables
from sundog.client import SundogClient

FIRST_ROWS = """
import sys
import duckdb
duckdb.sql(f"SUMMARIZE SELECT * FROM read_csv('{sys.argv[1]}') LIMIT 10000").fetchall()
"""
REPEATS = 2


def repeated(source: Path, target: Path, megabytes: int) -> None:
    """Write a CSV of so many MB: the names once, the rows again and again."""
    names, _, rows = source.read_bytes().partition(b"\n")
    with target.open("wb") as file:
        file.write(names + b"\n")
        while file.tell() < megabytes * 1_000_000:
            file.write(rows)


async def first_light(client: SundogClient, url: str, dataset: str) -> tuple[float, float]:
    """Seconds from the POST, and from `started`, to the first partial result; the task is cancelled then."""
    began = time.perf_counter()
    task = await client.submit("profile", inputs={"data": dataset})
    started = began
    async for event in client.follow(task["id"]):
        if event.type == "started":
            started = time.perf_counter()
        if event.type == "partial":
            break
    seen = time.perf_counter()
    async with httpx2.AsyncClient(base_url=url) as http:
        await http.post(f"/v1/tasks/{task['id']}/cancel")
    async for _ in client.follow(task["id"]):
        pass
    return seen - began, seen - started


async def of_size(client: SundogClient, url: str, source: Path, megabytes: int, form: str) -> None:
    path = source.with_name(f"of-{megabytes}-mb.csv")
    repeated(source, path, megabytes)
    _, theirs, _ = await asyncio.to_thread(ran, FIRST_ROWS, path, threads=2)
    packed = await asyncio.to_thread(in_form, path, form)
    size = packed.stat().st_size / 1e6
    dataset = str((await client.upload(packed))["id"])
    packed.unlink()
    for number in range(REPEATS):
        posted, started = await first_light(client, url, dataset)
        held = "" if form == "csv" else f" as {form} of {size:,.0f} MB"
        name = f"{megabytes:,} MB{held}, {'first' if number == 0 else 'second'} task"
        compare(f"{name}, from the POST", posted, theirs, unit="s", goal="≤ 1 s")
        compare(f"{name}, from `started`", started, theirs, unit="s", goal="≤ 1 s")


async def measure(folder: Path, sizes: list[int], forms: list[str]) -> None:
    source = make_tables(folder, scale="0.01", form="csv", only=["lineitem"])["lineitem"]
    async with installation() as here, sundog_up(here) as port:
        url = f"http://127.0.0.1:{port}"
        async with SundogClient(url) as client:
            for megabytes, form in itertools.product(sizes, forms):
                await of_size(client, url, source, megabytes, form)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[10, 1000])
    parser.add_argument("--forms", nargs="+", default=["csv"], choices=FORMS)
    asked = parser.parse_args()
    # Plain and in another form beside it, stored, and at the processor; NDJSON has three times the bytes of a CSV.
    needed = (2.2 if asked.forms == ["csv"] else 7.5) * max(asked.megabytes) * 1_000_000
    folder = Path(tempfile.mkdtemp(prefix="sundog-bench-"))
    try:
        if shutil.disk_usage(folder).free < needed:
            sys.exit(f"This needs {needed / 1e9:.0f} GB of disk.")
        headline("DuckDB, SUMMARIZE of the first 10,000 rows")
        asyncio.run(measure(folder, asked.megabytes, asked.forms))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
