"""Tasks a second that are asked for over HTTP, each answered when durable, beside a bare INSERT and other queues.

64 clients, each with one connection, ask one after the other. The first yardstick is Starlette, one INSERT a request,
on the same server and asked by the same clients. The others are what PgQueuer and procrastinate take in their callers'
own process, without HTTP. Beside that, the same with an Idempotency-Key for each request. All in turns on one Postgres,
with fsync on. The clients share the machine with the rest.
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
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final
from uuid import uuid4

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Tasks a second, and milliseconds of processor time that a task took of the gateway and of Postgres."""

    rate: float
    gateway_ms: float
    postgres_ms: float


async def run_course(
    port: int, body: dict[str, object], *, tasks: int, gateway: int, postgres: int, with_keys: bool = False
) -> Course:
    """Ask for so many tasks, after some to warm up, with keys or without; `gateway` and `postgres` are process ids."""
    connections = [await HttpConnection.to(port) for _ in range(CLIENTS)]

    async def ask(connection: HttpConnection, times: int) -> None:
        for _ in range(times):
            await connection.post("/v1/tasks", body, key=str(uuid4()) if with_keys else None)

    async def ask_all(times: int) -> None:
        async with asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(ask(connection, times))

    await ask_all(2)
    spent = cpu_seconds(gateway), cpu_seconds(postgres)
    began = time.perf_counter()
    await ask_all(tasks // CLIENTS)
    took, made = time.perf_counter() - began, tasks // CLIENTS * CLIENTS
    for connection in connections:
        connection.close()
    return Course(
        rate=made / took,
        gateway_ms=(cpu_seconds(gateway) - spent[0]) * 1_000 / made,
        postgres_ms=(cpu_seconds(postgres) - spent[1]) * 1_000 / made,
    )


async def ours(dsn: str, folder: Path, *, tasks: int, postgres: int, with_keys: bool = False) -> tuple[Course, float]:
    """The course, and how many tasks shared a commit."""
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
        course = await run_course(port, body, tasks=tasks, gateway=pid, postgres=postgres, with_keys=with_keys)
    made, commits = await connection.fetchval("SELECT count(*) FROM task"), await connection.fetchval(COMMITS)
    await connection.close()
    return course, made / commits


async def bare(dsn: str, *, tasks: int, postgres: int) -> Course:
    """The same of the floor."""
    body: dict[str, object] = {"kind": "profile", "inputs": {}, "params": {"top_k": 10}}
    async with listening("-m", "benchmarks.parts.workers.submit_floor", dsn) as (port, pid):
        return await run_course(port, body, tasks=tasks, gateway=pid, postgres=postgres)


async def peer(python: Path, name: str, dsn: str, *, tasks: int) -> float:
    command = (str(python), str(WORKERS / f"{name}_enqueue.py"), dsn, str(tasks), str(CLIENTS))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    printed, _ = await process.communicate()
    return tasks // CLIENTS * CLIENTS / float(printed)


async def measure(*, tasks: int, rounds: int, with_peers: bool) -> None:
    found: list[Course] = []
    keyed: list[Course] = []
    floor: list[Course] = []
    shared: list[float] = []
    others: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name:
        python = python_with_peers(Path(name)) if with_peers else None
        async with bench_server() as (server, folder):
            for _ in range(rounds):
                async with fresh_database(server, migrated=True) as dsn:
                    course, together = await ours(dsn, folder, tasks=tasks, postgres=server.pid)
                    found.append(course)
                    shared.append(together)
                async with fresh_database(server, migrated=True) as dsn:
                    keyed.append((await ours(dsn, folder, tasks=tasks, postgres=server.pid, with_keys=True))[0])
                async with fresh_database(server) as dsn:
                    floor.append(await bare(dsn, tasks=tasks, postgres=server.pid))
                for other in PEERS:
                    if python is None:
                        continue
                    async with fresh_database(server) as dsn:
                        others.setdefault(other, []).append(await peer(python, other, dsn, tasks=tasks))
    rate = median(course.rate for course in found)
    headline("Starlette with one INSERT a request; or as named")
    compare("tasks a second", rate, median(course.rate for course in floor), unit="/s", goal="> 1")
    for name, pick in (("gateway", "gateway_ms"), ("Postgres", "postgres_ms")):
        figures = (median(getattr(course, pick) for course in courses) for courses in (found, floor))
        compare(f"processor time of {name} for a task", *figures, unit="ms")
    for other, rates in others.items():
        compare(f"tasks a second, beside {other} in its caller's process", rate, median(rates), unit="/s", goal="> 1")
    compare(
        "tasks a second with an Idempotency-Key each, beside without",
        median(course.rate for course in keyed),
        rate,
        unit="/s",
    )
    tell("tasks that share a commit, in the mean", median(shared), unit="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=6_400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true")
    given = parser.parse_args()
    uvloop.run(measure(tasks=given.tasks, rounds=given.rounds, with_peers=not given.without_peers))
