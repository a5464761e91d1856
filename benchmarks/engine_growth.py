"""What claims, finishes and list pages cost with 10, 10,000 and 1,000,000 finished tasks, and claims with a full queue.

The tables grow; each step measures the same statements on the same kind of task, so that the first step is the
yardstick of the others: a ratio of 1 means that nobody pays for what is done. The slope is what a tenfold of finished
tasks adds, in percent of the first step. `--tasks 5000000` adds a step; it takes a while to fill. The database lies in
a temporary folder and goes with it. It grows to `--most-gb` at most; if that is not enough, the last step is smaller.
"""

import argparse
import asyncio
import math
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from benchmarks.parts.engine import fill
from benchmarks.parts.figures import compare, headline, tell
from benchmarks.parts.server import bench_server, forget_the_past, fresh_database
from common.database import ONE_PLAN, Pool, open_pool
from common.ids import uuid7
from common.settings import DatabaseSettings
from common.words import TaskState
from gateway.pagination import PageAsked
from gateway.task_filter import TaskFilter
from gateway.task_list import TaskList
from helpers.engine_statements import claim, settle
from sundog.postgres import EmbeddedPostgres

TENANT = "tenant-0"
KIND = "noop"
BATCH = 16
PAGE = 50
ROWS_A_STATEMENT = 20_000
WARM_UP = 5
# A task that ran once, with its feed, its attempt and its result, as the engine leaves it.
FILL_ENDED = """
WITH made AS (
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, last_seq, state, attempts, lease,
        started_at, finished_at)
    SELECT id, $2, $3, 600, 2048, 3, 3, 'succeeded', 1, 1, now(), now() FROM unnest($1::uuid[]) AS given (id)
    RETURNING id
), told AS (
    INSERT INTO event (task, seq, type)
    SELECT id, seq, type::event_type
    FROM made CROSS JOIN (VALUES (1, 'queued'), (2, 'started'), (3, 'succeeded')) AS story (seq, type)
), ran AS (
    INSERT INTO attempt (task, number, lease, processor, processor_name, finished_at, outcome)
    SELECT id, 1, 1, $1[1], 'a processor', now(), 'succeeded' FROM made
)
INSERT INTO result (task, lease, body) SELECT id, 1, '{"summary":{},"data":{}}' FROM made
"""
FIRST_PAGE, MIDDLE_PAGE = "list, first page", "list, a page in the middle"
Costs = dict[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Grown:
    """How many finished tasks there are, one in the middle of those that were added, and bytes on disk."""

    tasks: int
    middle: UUID
    size: int


async def grow(connection: asyncpg.Connection, *, present: int, wanted: int, most_bytes: int) -> Grown:
    """Add finished tasks until there are so many, or no room for more."""
    began = time.time_ns() // 1_000_000 - wanted
    middles: list[UUID] = []
    size = 0
    while present < wanted and size < most_bytes:
        ids = [uuid7(unix_ms=began + number) for number in range(present, min(present + ROWS_A_STATEMENT, wanted))]
        await connection.execute(FILL_ENDED, ids, TENANT, KIND, timeout=600)
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        middles.append(ids[len(ids) // 2])
        present += len(ids)
    await forget_the_past(connection)
    return Grown(tasks=present, middle=middles[len(middles) // 2], size=size)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """In milliseconds."""
    began = time.perf_counter()
    await work()
    return (time.perf_counter() - began) * 1000


async def costs(connection: asyncpg.Connection, pool: Pool, *, middle: UUID, rounds: int) -> Costs:
    """The median cost of each statement, the first rounds left out."""
    lists = TaskList(pool=pool)
    everything, succeeded = TaskFilter(), TaskFilter(state=TaskState.SUCCEEDED)
    first, deep = PageAsked(limit=PAGE, after=None), PageAsked(limit=PAGE, after=middle)
    found: dict[str, list[float]] = {}

    async def take(name: str, work: Callable[[], Awaitable[object]]) -> None:
        found.setdefault(name, []).append(await timed(work))

    for _ in range(rounds + WARM_UP):
        await fill(connection, tasks=BATCH)
        claims: list[asyncpg.Record] = []

        async def claim_some(claims: list[asyncpg.Record] = claims) -> None:
            claims += await claim(connection, BATCH, kinds=[KIND])

        await take(f"claim {BATCH}", claim_some)
        await take(f"finish {BATCH}", lambda claims=claims: settle(connection, claims))  # type: ignore[misc]  # bound now
        await take(FIRST_PAGE, lambda: lists.page(everything, first, tenant=TENANT))
        await take(MIDDLE_PAGE, lambda: lists.page(everything, deep, tenant=TENANT))
        await take("list of one state", lambda: lists.page(succeeded, first, tenant=TENANT))
    return {name: statistics.median(times[WARM_UP:]) for name, times in found.items()}


async def as_a_service(dsn: str) -> asyncpg.Connection:
    """A connection that plans its statements as those of the services do."""
    return await asyncpg.connect(dsn, server_settings={"jit": "off", "plan_cache_mode": ONE_PLAN})


async def growth(dsn: str, *, sizes: Sequence[int], rounds: int, most_bytes: int) -> None:
    connection = await as_a_service(dsn)
    steps: list[Costs] = []
    reached: list[int] = []
    async with open_pool(DatabaseSettings(dsn=SecretStr(dsn), pool_size=1), service="bench") as pool:
        for wanted in sizes:
            present = reached[-1] if reached else 0
            grown = await grow(connection, present=present, wanted=wanted, most_bytes=most_bytes)
            reached.append(grown.tasks)
            steps.append(await costs(connection, pool, middle=grown.middle, rounds=rounds))
            if len(steps) == 1:
                steps[0][MIDDLE_PAGE] = steps[0][FIRST_PAGE]  # in the middle of ten there is no whole page
                headline(f"with {wanted:,} finished tasks")
                continue
            for name, cost in steps[-1].items():
                compare(f"{name}, {grown.tasks:,} finished", cost, steps[0][name], unit="ms")
            tell(f"disk, {grown.tasks:,} finished", grown.size / 2**30, unit="GiB")
            if grown.tasks < wanted:
                print(f"  no room for {wanted:,} in {most_bytes / 2**30:.1f} GiB: see --most-gb")
                break
    for name in steps[0]:
        tell(f"{name}: a tenfold of finished tasks adds", slope(reached, [step[name] for step in steps]), unit="%")
    await connection.close()


def slope(sizes: Sequence[int], costs: Sequence[float]) -> float:
    """Of the line through all steps, by the logarithm of the size, in percent of the first step."""
    line = statistics.linear_regression([math.log10(size) for size in sizes], costs)
    return 100 * line.slope / costs[0]


async def claim_cost(server: EmbeddedPostgres, *, queued: int, tenants: int, rounds: int) -> float:
    """The median cost of a claim with so many queued; what was claimed is handed back, so that as many stay queued."""
    async with fresh_database(server, migrated=True) as dsn:
        connection = await as_a_service(dsn)
        for first in range(0, queued, ROWS_A_STATEMENT):
            await fill(connection, tasks=min(ROWS_A_STATEMENT, queued - first), tenants=tenants)
        await forget_the_past(connection)
        times = []
        for _ in range(rounds + WARM_UP):
            began = time.perf_counter()
            claims = await claim(connection, BATCH, kinds=[KIND])
            times.append((time.perf_counter() - began) * 1000)
            await settle(connection, claims, state="queued")
        await connection.close()
    return statistics.median(times[WARM_UP:])


async def backlog(server: EmbeddedPostgres, *, queued: int, rounds: int) -> None:
    headline(f"with {BATCH} queued")
    for tenants in (1, BATCH):
        few = await claim_cost(server, queued=BATCH, tenants=tenants, rounds=rounds)
        many = await claim_cost(server, queued=queued, tenants=tenants, rounds=rounds)
        goal = "at most 1.5" if tenants == 1 else ""
        compare(f"claim {BATCH} of {queued:,}, tenants: {tenants}", many, few, unit="ms", goal=goal)


async def run(*, tasks: int, queued: int, rounds: int, most_bytes: int) -> None:
    async with bench_server({"max_wal_size": "512MB"}) as (server, _):
        async with fresh_database(server, migrated=True) as dsn:
            sizes = [size for size in (10, 10_000, 1_000_000) if size < tasks]
            await growth(dsn, sizes=[*sizes, tasks], rounds=rounds, most_bytes=most_bytes)
        await backlog(server, queued=queued, rounds=rounds)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=1_000_000, help="finished tasks at the last step")
    parser.add_argument("--queued", type=int, default=200_000, help="tasks in the full queue")
    parser.add_argument("--rounds", type=int, default=100, help="measurements at each step")
    parser.add_argument("--most-gb", type=float, default=7.0, help="GiB that the database may take; WAL comes on top")
    asked = parser.parse_args()
    most_bytes = int(asked.most_gb * 2**30)
    asyncio.run(run(tasks=asked.tasks, queued=asked.queued, rounds=asked.rounds, most_bytes=most_bytes))


if __name__ == "__main__":
    main()
