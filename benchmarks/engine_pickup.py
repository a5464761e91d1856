"""From a task that is committed to the child that has it, idle and at 100 tasks a second, beside a bare NOTIFY loop.

The clock starts when the commit of the task's row is answered; then the hint is sent. It stops when the analysis begins
in its child. The yardstick is woken in the same way, claims with SKIP LOCKED, and has the job when the claim is
answered; it writes no lease, no attempt and no event, and starts nothing.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import UUID

import asyncpg

from benchmarks.parts.engine import fill, processor, python_with_kinds, started
from benchmarks.parts.figures import compare, headline, percentile
from benchmarks.parts.server import bench_server, fresh_database
from benchmarks.parts.workers import listening_floor
from common.ids import uuid7
from common.queries import load_query
from common.words import Channel

NOTIFY_CHANNELS = load_query("common", "notify_channels")
OURS = "SELECT (body -> 'data' ->> 'begun_ns')::bigint FROM result WHERE task = $1"
THEIRS = "SELECT begun_ns FROM job WHERE id = $1 AND done"
HAS_LISTENER = "SELECT EXISTS (SELECT FROM information_schema.columns WHERE table_name = 'listening')"
SLOTS = 8

Submit = Callable[[asyncpg.Connection, UUID], Awaitable[None]]


async def submit_ours(connection: asyncpg.Connection, identity: UUID) -> None:
    await fill(connection, tasks=1, kind="clock", ids=[identity])


async def submit_theirs(connection: asyncpg.Connection, identity: UUID) -> None:
    await connection.execute("INSERT INTO job (id) VALUES ($1)", identity)


class Course:
    """One system under load: submits tasks and finds out when each began."""

    def __init__(self, connection: asyncpg.Connection, *, submit: Submit, begun: str, channel: str, hint: str) -> None:
        self._connection = connection
        self._submit = submit
        self._begun = begun
        self._hint = [channel], [hint]

    async def idle(self, *, tasks: int) -> list[float]:
        """Milliseconds of tasks that come one by one, the next when the one before has long ended."""
        found = []
        for _ in range(tasks):
            identity, committed = await self._ask()
            found.append(await self._waited(identity, committed))
            await asyncio.sleep(0.02)
        return found

    async def busy(self, *, tasks: int, a_second: int) -> list[float]:
        """Milliseconds of tasks that come at a steady rate, whatever became of the ones before."""
        began = time.monotonic()
        asked = []
        for number in range(tasks):
            await asyncio.sleep(max(began + number / a_second - time.monotonic(), 0.0))
            asked.append(await self._ask())
        return [await self._waited(identity, committed) for identity, committed in asked]

    async def _ask(self) -> tuple[UUID, int]:
        identity = uuid7()
        await self._submit(self._connection, identity)
        committed = time.monotonic_ns()
        await self._connection.execute(NOTIFY_CHANNELS, *self._hint)
        return identity, committed

    async def _waited(self, identity: UUID, committed: int) -> float:
        async with asyncio.timeout(30):
            while not (begun := await self._connection.fetchval(self._begun, identity)):
                await asyncio.sleep(0.005)
        return float(begun - committed) / 1e6


async def measured(course: Course, *, tasks: int, seconds: float) -> dict[str, list[float]]:
    await course.idle(tasks=10)  # the first child of a tenant, the first plan of a statement
    return {
        "idle": await course.idle(tasks=tasks),
        "at 100 tasks/s": await course.busy(tasks=int(100 * seconds), a_second=100),
    }


async def run(*, tasks: int, seconds: float) -> None:
    async with bench_server() as (server, folder):
        python = python_with_kinds(folder / "kinds")
        async with (
            fresh_database(server, migrated=True) as dsn,
            processor(dsn, folder=folder, python=python, slots=SLOTS),
        ):
            connection = await asyncpg.connect(dsn)
            course = Course(connection, submit=submit_ours, begun=OURS, channel=Channel.WORK, hint="clock")
            ours = await measured(course, tasks=tasks, seconds=seconds)
            await connection.close()
        async with fresh_database(server) as dsn:
            connection = await asyncpg.connect(dsn)
            await connection.execute(listening_floor.SCHEMA)
            async with started([sys.executable, listening_floor.__file__, dsn], None):
                while not await connection.fetchval(HAS_LISTENER):
                    await asyncio.sleep(0.02)
                course = Course(
                    connection, submit=submit_theirs, begun=THEIRS, channel=listening_floor.CHANNEL, hint=""
                )
                theirs = await measured(course, tasks=tasks, seconds=seconds)
            await connection.close()
    headline("a bare loop with NOTIFY in a process of its own")
    goals = {("idle", 50): "5 ms", ("idle", 99): "20 ms"}
    for load, waits in ours.items():
        for percent in (50, 99):
            compare(
                f"committed → in its child, {load}, p{percent} of {len(waits)}",
                percentile(waits, percent),
                percentile(theirs[load], percent),
                unit="ms",
                goal=goals.get((load, percent), ""),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=200, help="how many come one by one")
    parser.add_argument("--seconds", type=float, default=8, help="how long 100 come a second")
    asked = parser.parse_args()
    asyncio.run(run(tasks=asked.tasks, seconds=asked.seconds))


if __name__ == "__main__":
    main()
