"""Tasks a second that are asked for over HTTP, each answered when durable, beside a bare INSERT and other queues.

64 clients, each with one connection, ask one after the other. The first yardstick is Starlette, one INSERT a request,
on the same server and asked by the same clients. The others are what PgQueuer and procrastinate take in their callers'
own process, without HTTP. All in turns on one Postgres, with fsync on. The clients share the machine with the rest.
"""

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import Final

import asyncpg
import uvloop

from benchmarks.parts.cpu import cpu_seconds
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.http_connection import HttpConnection
from benchmarks.parts.peers import python_with_peers
from benchmarks.parts.server import bench_server, fresh_database
from helpers.factories import a_dataset, a_kind, a_processor

PORT: Final = re.compile(rb"port (\d+)")
CLIENTS: Final = 64
WORKERS: Final = Path(__file__).with_name("parts") / "workers"
PEERS: Final = ("pgqueuer", "procrastinate")
COMMITS: Final = "SELECT count(DISTINCT xmin::text) FROM task"


@asynccontextmanager
async def listening(*command: str, environment: dict[str, str] | None = None) -> AsyncIterator[tuple[int, int]]:
    """A program that prints the port at which it answers, at the end of some line; its port and pid."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, *command), env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    assert process.stdout is not None
    try:
        while not (found := PORT.search(await process.stdout.readline())):
            pass
        port = int(found[1])
        draining = asyncio.get_running_loop().create_task(process.stdout.read())
        yield port, process.pid
        process.terminate()
        await draining
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def rate_of(port: int, body: dict[str, object], *, tasks: int) -> float:
    """Tasks a second."""
    connections = [await HttpConnection.to(port) for _ in range(CLIENTS)]

    async def ask(connection: HttpConnection, times: int) -> None:
        for _ in range(times):
            await connection.post("/v1/tasks", body)

    took = 0.0
    for warm in (2, tasks // CLIENTS):
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(ask(connection, warm))
        took = time.perf_counter() - began
    for connection in connections:
        connection.close()
    return tasks // CLIENTS * CLIENTS / took


async def ours(dsn: str, folder: Path, *, tasks: int) -> tuple[float, float, float]:
    """Tasks a second, tasks a commit, and CPU milliseconds of the gateway a task."""
    connection = await asyncpg.connect(dsn)
    await a_kind(connection)
    await a_processor(connection)
    body: dict[str, object] = {
        "kind": "profile",
        "inputs": {"data": str(await a_dataset(connection))},
        "params": {"top_k": 10},
    }
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")},
        "SUNDOG_DATABASE_DSN": dsn,
        "SUNDOG_STORAGE_URL": (folder / "storage").as_uri(),
        "SUNDOG_GATEWAY_PORT": "0",
        "SUNDOG_GATEWAY_PROCESSOR_FRESH_S": "100000",
        "SUNDOG_LOG_FORMAT": "text",
    }
    async with listening("-P", "-m", "sundog", "gateway", environment=environment) as (port, pid):
        before = cpu_seconds(pid)
        rate = await rate_of(port, body, tasks=tasks)
        spent = cpu_seconds(pid) - before
    made, commits = await connection.fetchval("SELECT count(*) FROM task"), await connection.fetchval(COMMITS)
    await connection.close()
    return rate, made / commits, spent * 1_000 / made


async def bare(dsn: str, *, tasks: int) -> float:
    async with listening("-m", "benchmarks.parts.workers.submit_floor", dsn) as (port, _):
        return await rate_of(port, {"kind": "profile", "inputs": {}, "params": {"top_k": 10}}, tasks=tasks)


async def peer(python: Path, name: str, dsn: str, *, tasks: int) -> float:
    command = (str(python), str(WORKERS / f"{name}_enqueue.py"), dsn, str(tasks), str(CLIENTS))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return tasks // CLIENTS * CLIENTS / float(printed)


async def measure(*, tasks: int, rounds: int, with_peers: bool) -> None:
    found: dict[str, list[float]] = {}
    shared, cpu = [], []
    with tempfile.TemporaryDirectory() as name:
        python = python_with_peers(Path(name)) if with_peers else None
        async with bench_server() as (server, folder):
            for _ in range(rounds):
                async with fresh_database(server, migrated=True) as dsn:
                    rate, together, spent = await ours(dsn, folder, tasks=tasks)
                    found.setdefault("ours", []).append(rate)
                    shared.append(together)
                    cpu.append(spent)
                async with fresh_database(server) as dsn:
                    found.setdefault("bare", []).append(await bare(dsn, tasks=tasks))
                for other in PEERS:
                    if python is None:
                        continue
                    async with fresh_database(server) as dsn:
                        found.setdefault(other, []).append(await peer(python, other, dsn, tasks=tasks))
    rate = median(found.pop("ours"))
    headline("as named")
    for other, rates in found.items():
        means = "one INSERT a request" if other == "bare" else f"{other}, in process"
        compare(f"tasks a second, beside {means}", rate, median(rates), unit="/s", goal="> 1")
    tell("tasks that share a commit, in the mean", median(shared), unit="")
    tell("processor time of the gateway for a task", median(cpu), unit="ms")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=6_400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true")
    given = parser.parse_args()
    uvloop.run(measure(tasks=given.tasks, rounds=given.rounds, with_peers=not given.without_peers))
