"""CPU of the supervisor while 16 tasks run that each report progress ten times a second, beside 16 that say nothing.

The supervisor reads the reports, keeps the latest of each task, writes them in one statement ten times a second and
tells the gateways. What it costs to run 16 tasks at all, to watch their memory, to renew their leases, is measured by
the other 16.
"""

import argparse
import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.parts.cpu import cpu_seconds, own_cpu_seconds
from benchmarks.parts.engine import fill, processor, python_with_kinds
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.server import bench_server, fresh_database
from sundog.postgres import EmbeddedPostgres

TASKS = 16
SETTLE_S = 1.5  # until all children run and the claims are over
RUNNING = "SELECT count(*) FROM task WHERE state = 'running'"
REPORTS = "SELECT coalesce(sum(rev), 0)::float8 FROM progress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Of one core, in percent; and how many times a second a task's progress was written."""

    supervisor: float
    postgres: float
    reports: float


async def share_of(kind: str, *, seconds: float, server: EmbeddedPostgres, folder: Path, python: Path) -> Share:
    async with fresh_database(server, migrated=True) as dsn:
        connection = await asyncpg.connect(dsn)
        await fill(connection, tasks=TASKS, kind=kind, params={"seconds": seconds + 2 * SETTLE_S})
        async with processor(dsn, folder=folder, python=python, slots=TASKS) as process:
            while await connection.fetchval(RUNNING) < TASKS:
                await asyncio.sleep(0.05)
            await asyncio.sleep(SETTLE_S)
            began, reports = time.perf_counter(), await connection.fetchval(REPORTS)
            supervisor, postgres = own_cpu_seconds(process.pid), cpu_seconds(server.pid)
            await asyncio.sleep(seconds)
            took = time.perf_counter() - began
            share = Share(
                supervisor=100 * (own_cpu_seconds(process.pid) - supervisor) / took,
                postgres=100 * (cpu_seconds(server.pid) - postgres) / took,
                reports=(await connection.fetchval(REPORTS) - reports) / took / TASKS,
            )
            if await connection.fetchval(RUNNING) < TASKS:
                raise SystemExit("the tasks ended before they were measured")
        await connection.close()
    return share


async def run(*, seconds: float) -> None:
    async with bench_server() as (server, folder):
        python = python_with_kinds(folder / "kinds")
        silent, reporting = [
            await share_of(kind, seconds=seconds, server=server, folder=folder, python=python)
            for kind in ("silent", "reporting")
        ]
    headline("16 tasks that say nothing")
    compare("supervisor, share of one core", reporting.supervisor, silent.supervisor, unit="%")
    compare("Postgres, share of one core", reporting.postgres, silent.postgres, unit="%")
    tell("progress written, times a second and task", reporting.reports, unit="/s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10, help="how long each is watched")
    asyncio.run(run(seconds=parser.parse_args().seconds))


if __name__ == "__main__":
    main()
