"""What a no-op task writes: WAL, transactions, dead rows; in a full queue and one by one, beside a bare loop.

All that happens to a task after it was recorded is counted: claim, attempt, events, result, end. The bare loop writes
two updates of one narrow row. Autovacuum is off, so that dead rows are counted before they are cleared away.
"""

import argparse
import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks.parts.drain import Ours, System, floor
from benchmarks.parts.engine import python_with_kinds, started
from benchmarks.parts.figures import compare, headline
from benchmarks.parts.server import bench_server, forget_the_past, fresh_database
from sundog.postgres import EmbeddedPostgres

COUNTS = """
SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS wal, xact_commit AS commits,
    (SELECT coalesce(sum(n_dead_tup), 0) FROM pg_stat_user_tables) AS dead,
    (SELECT coalesce(sum(n_tup_upd), 0) FROM pg_stat_user_tables) AS updates,
    (SELECT coalesce(sum(n_tup_hot_upd), 0) FROM pg_stat_user_tables) AS hot
FROM pg_stat_database WHERE datname = current_database()
"""
STRANGERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A task's share of what was written; `updates` of rows, of which `hot` touched no index."""

    wal: float
    commits: float
    dead: float
    updates: float
    hot: float


async def written(system: System, *, server: EmbeddedPostgres, folder: Path) -> Written:
    async with fresh_database(server, migrated=isinstance(system, Ours)) as dsn:
        await system.fill(dsn)
        connection = await asyncpg.connect(dsn)
        await forget_the_past(connection)
        before = await connection.fetchrow(COUNTS)
        looks = 0
        async with asyncio.timeout(60), started(system.command(dsn), system.environment(dsn, folder)):
            while await connection.fetchval(f"SELECT EXISTS (SELECT {system.left})"):
                looks += 1
                await asyncio.sleep(0.1)
        while await connection.fetchval(STRANGERS):  # each counts what it did when it leaves
            looks += 1
            await asyncio.sleep(0.02)
        await connection.execute("SELECT pg_stat_clear_snapshot()")
        after = await connection.fetchrow(COUNTS)
        await connection.close()
    grown = {key: float(after[key] - before[key]) for key in before.keys()}  # noqa: SIM118 - a record is no mapping
    grown["commits"] -= looks + 2
    return Written(**{key: value / system.jobs for key, value in grown.items()})


async def run(*, tasks: int) -> None:
    async with bench_server({"autovacuum": "off"}) as (server, folder):
        python = python_with_kinds(folder / "kinds")
        busy = Ours(name="busy", python=python, jobs=tasks, slots=64)
        single = Ours(name="single", python=python, jobs=max(tasks // 4, 10), slots=1)
        bare = await written(floor(jobs=10 * tasks), server=server, folder=folder)
        found = {
            "64 at a time": await written(busy, server=server, folder=folder),
            "one at a time": await written(single, server=server, folder=folder),
        }
    headline("a bare loop, batches of 100")
    for how, ours in found.items():
        compare(f"WAL a task, {how}", ours.wal, bare.wal, unit="B")
        compare(f"transactions a task, {how}", ours.commits, bare.commits, unit="")
        compare(f"dead rows a task, {how}", ours.dead, bare.dead, unit="")
        compare(f"updates a task that touch an index, {how}", ours.updates - ours.hot, bare.updates - bare.hot, unit="")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=4_000)
    asyncio.run(run(tasks=parser.parse_args().tasks))


if __name__ == "__main__":
    main()
