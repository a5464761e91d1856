"""List pages over HTTP with 5,000,000 finished tasks, beside the same with 10,000.

Two databases, each with a gateway of its own, are asked in turns, so that what else the machine does falls on both.
Tasks have one input each, and one in ten a tag. The databases lie in temporary folders and go with them.
`--tasks 100000` is a small form. The large database grows to `--most-gb` at most, with 1 GiB of write-ahead log on top.
"""

import argparse
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from typing import Final
from uuid import UUID

import asyncpg
import uvloop

from benchmarks.parts.figures import compare, headline, percentile, tell
from benchmarks.parts.http_connection import HttpConnection
from benchmarks.parts.installation import Installation, installation
from benchmarks.parts.server import forget_the_past
from common.ids import uuid7
from gateway.caller import DEFAULT_TENANT
from gateway.pagination import cursor_of
from helpers.factories import a_dataset

FEW: Final = 10_000
A_STATEMENT: Final = 20_000
LIMIT: Final = 50
WARM_UP: Final = 20
# One in fifty failed, one in ten has a tag. Ids of version 7, a millisecond apart: $1 and $2 are numbers of tasks, $3
# is the time of the first one.
FILL: Final = """
WITH made AS (
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, last_seq, state, error, attempts, lease,
                      tags, created_at, started_at, finished_at)
    SELECT (lpad(to_hex($3::bigint + number), 12, '0') || '7000' || '8' || substr(md5(number::text), 1, 15))::uuid,
           $4, 'profile', 600, 2048, 3, 3,
           (CASE WHEN number % 50 = 0 THEN 'failed' ELSE 'succeeded' END)::task_state,
           CASE WHEN number % 50 = 0 THEN '{"code": "unreadable", "message": "It cannot be read."}'::json END,
           1, 1, CASE WHEN number % 10 = 0 THEN ARRAY['nightly'] ELSE '{}' END, now(), now(), now()
    FROM generate_series($1::bigint, $2::bigint - 1) AS number
    RETURNING id, tags
), labelled AS (
    INSERT INTO task_tag (task, tenant, tag) SELECT id, $4, tags[1] FROM made WHERE tags <> '{}'
)
INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)
SELECT made.id, 'data', dataset.id, dataset.name, dataset.sha256, dataset.bytes FROM made, dataset
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """A database with so many tasks: its gateway's port, what that is asked for, and bytes on disk."""

    tasks: int
    port: int
    pages: dict[str, str]
    size: int


async def fill(owner: asyncpg.Connection, *, tasks: int, most_bytes: int) -> tuple[int, UUID, int]:
    """Make so many tasks, or as many as there is room for; their number, a cursor in their middle, bytes on disk."""
    await a_dataset(owner)
    began, made, size = time.time_ns() // 1_000_000 - tasks, 0, 0
    while made < tasks and size < most_bytes:
        upto = min(made + A_STATEMENT, tasks)
        await owner.execute(FILL, made, upto, began, DEFAULT_TENANT, timeout=600)
        made, size = upto, await owner.fetchval("SELECT pg_database_size(current_database())")
    await forget_the_past(owner)
    return made, uuid7(unix_ms=began + made // 2), size


async def grown(here: Installation, stack: AsyncExitStack, *, tasks: int, most_bytes: int) -> Grown:
    made, middle, size = await fill(here.owner, tasks=tasks, most_bytes=most_bytes)
    gateway = await stack.enter_async_context(here.gateway())
    list_path = f"/v1/tasks?limit={LIMIT}"
    return Grown(
        tasks=made,
        port=gateway.port,
        pages={
            "first page": list_path,
            "a page in the middle": f"{list_path}&cursor={cursor_of(middle)}",
            "of one state that is rare": f"{list_path}&state=failed",
            "with one tag": f"{list_path}&tag=nightly",
            "with a count": f"{list_path}&count=1",
        },
        size=size,
    )


async def ask(connection: HttpConnection, path: str) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    answer = await connection.get(path)
    took = (time.perf_counter() - began) * 1_000
    assert len(answer["tasks"]) == LIMIT, answer
    return took


async def measure(*, tasks: int, rounds: int, most_bytes: int) -> None:
    async with AsyncExitStack() as stack:
        databases = [
            await grown(await stack.enter_async_context(installation()), stack, tasks=number, most_bytes=most_bytes)
            for number in (FEW, tasks)
        ]
        # Only now: a gateway closes connections on which nobody asks, and it takes minutes to make millions of tasks.
        connections = [await HttpConnection.to(database.port) for database in databases]
        took: dict[str, list[list[float]]] = {page: [[], []] for page in databases[0].pages}
        for number in range(rounds + WARM_UP):
            for page, both in took.items():
                for database, connection, times in zip(databases, connections, both, strict=True):
                    milliseconds = await ask(connection, database.pages[page])
                    if number >= WARM_UP:
                        times.append(milliseconds)
        for connection in connections:
            connection.close()
    report(databases, took)


def report(databases: Sequence[Grown], took: dict[str, list[list[float]]]) -> None:
    few, many = databases
    headline(f"with {few.tasks:,} finished tasks")
    for page, (few_times, many_times) in took.items():
        compare(f"{page}, {many.tasks:,}, p50", median(many_times), median(few_times), unit="ms", goal="<= 1.5")
    first = took["first page"]
    compare("first page, p99", *(percentile(times, 99) for times in reversed(first)), unit="ms")
    tell("the larger database", many.size / 2**30, unit="GiB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=5_000_000, help="finished tasks in the larger database")
    parser.add_argument("--rounds", type=int, default=300, help="how often each page is asked for")
    parser.add_argument("--most-gb", type=float, default=4.4, help="GiB that the larger database may take")
    given = parser.parse_args()
    uvloop.run(measure(tasks=given.tasks, rounds=given.rounds, most_bytes=int(given.most_gb * 2**30)))
