"""The feed writer and the settler by themselves, where Postgres is slow or lacks something for a moment."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import anyio
import asyncpg
import pytest
from pydantic import SecretStr

from common.database import open_pool
from common.notifier import Notifier
from common.settings import DatabaseSettings
from common.words import EventType
from helpers.database import Database, connected
from helpers.engine_statements import claim
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import feed
from processor.claim import AttemptReport, Claim, Hold, Succeeded
from processor.feed_writer import FeedWriter
from processor.settlement import RetryPolicy, settle
from processor.settler import Settler

OF_WHO_WAITS = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
WAITS_FOR_A_LOCK = f"SELECT EXISTS (SELECT {OF_WHO_WAITS})"  # of this database: tests run beside each other


@dataclass(frozen=True, kw_only=True)
class Writers:
    """Both, as a processor has them, and whom they blamed."""

    feed: FeedWriter
    settler: Settler
    refused: list[Hold] = field(default_factory=list)
    lost: list[Hold] = field(default_factory=list)


@asynccontextmanager
async def writing(database: Database) -> AsyncIterator[Writers]:
    refused: list[Hold] = []
    lost: list[Hold] = []
    settings = DatabaseSettings(dsn=SecretStr(database.processor_dsn))
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(settings, service="processor"))
        notifier = await stack.enter_async_context(Notifier(pool=pool))
        feed_writer = FeedWriter(pool=pool, notifier=notifier, on_lost=lost.append, on_refused=refused.append)
        await stack.enter_async_context(feed_writer)
        settler = await stack.enter_async_context(Settler(pool=pool, notifier=notifier))
        yield Writers(feed=feed_writer, settler=settler, refused=refused, lost=lost)


async def claimed(connection: asyncpg.Connection, count: int) -> list[Claim]:
    for _ in range(count):
        await queued_task(connection, inputs={})
    return [Claim.from_row(row) for row in await claim(connection, count)]


async def end(writers: Writers, claim: Claim) -> bool:
    """End an attempt well, as the claimer does."""
    report = AttemptReport(claim=claim, report=Succeeded(envelope='{"data":{}}'))
    settlement = settle(report, policy=RetryPolicy(first_s=1, most_s=1, max_crashes=3))
    assert settlement is not None
    assert await writers.feed.drained(claim)
    return await writers.settler.settle(report, settlement, progress=await writers.feed.last_progress(claim))


async def test_what_was_told_last_is_written_with_the_end(database: Database, connection: asyncpg.Connection) -> None:
    """The second report comes while the first is being written, and the end right behind it."""
    (claim,) = await claimed(connection, 1)
    await connection.execute("INSERT INTO progress (task, lease, data) VALUES ($1, 0, '{}')", claim.task)
    async with writing(database) as writers, connected(database.dsn) as other, anyio.create_task_group() as group:
        writers.feed.open(claim)
        async with connection.transaction():
            await connection.execute("SELECT FROM progress FOR UPDATE")
            writers.feed.progress(claim, {"rows": 1})
            await eventually(lambda: other.fetchval(WAITS_FOR_A_LOCK))
            writers.feed.progress(claim, {"rows": 2})
            group.start_soon(end, writers, claim)
            await anyio.wait_all_tasks_blocked()
            assert await connection.fetchval("SELECT state FROM task") == "running"

    row = await connection.fetchrow("SELECT lease, rev, data ->> 'rows' AS rows FROM progress")
    assert tuple(row) == (claim.lease, 3, "2")
    assert await connection.fetchval("SELECT state FROM task") == "succeeded"


async def test_progress_that_fails_behind_the_end_of_its_attempt_ends_nobody_elses(
    database: Database, connection: asyncpg.Connection
) -> None:
    """The lease is lost while its progress is being written, and then the connection is."""
    lost, other = await claimed(connection, 2)
    await connection.execute("INSERT INTO progress (task, lease, data) VALUES ($1, 0, '{}')", lost.task)
    async with writing(database) as writers, connected(database.dsn) as killer:
        writers.feed.open(lost)
        async with connection.transaction():
            await connection.execute("SELECT FROM progress FOR UPDATE")
            writers.feed.progress(lost, {"rows": 1})
            await eventually(lambda: killer.fetchval(WAITS_FOR_A_LOCK))
            writers.feed.close(lost)
            await killer.execute(f"SELECT pg_terminate_backend(pid, 10000) {OF_WHO_WAITS}")
        writers.feed.open(other)
        writers.feed.progress(other, {"rows": 2})
        await eventually(lambda: connection.fetchval("SELECT true FROM progress WHERE task = $1", other.task))

    assert await connection.fetchval("SELECT lease FROM progress WHERE task = $1", lost.task) == 0


@pytest.mark.parametrize("table", ["event", "progress", "result"])
async def test_a_table_that_is_missing_for_a_moment_is_no_tasks_fault(
    database: Database, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture, table: str
) -> None:
    async def has_failed() -> bool:
        return any("will try again" in message for message in caplog.messages)

    claims = await claimed(connection, 4)
    async with writing(database) as writers, anyio.create_task_group() as group:
        await connection.execute(f"ALTER TABLE {table} RENAME TO gone_for_a_moment")
        for claim in claims:
            writers.feed.open(claim)
            writers.feed.append(claim, EventType.LOG, {"message": "begun"})
            writers.feed.progress(claim, {"rows": 1})
            group.start_soon(end, writers, claim)
        await eventually(has_failed)
        await connection.execute(f"ALTER TABLE gone_for_a_moment RENAME TO {table}")

    assert (writers.refused, writers.lost) == ([], [])
    assert await connection.fetchval("SELECT count(*) FROM task WHERE state = 'succeeded'") == len(claims)
    assert await connection.fetchval("SELECT count(*) FROM progress") == len(claims)
    for claim in claims:
        assert [event["type"] for event in await feed(connection, claim.task)] == [
            "queued",
            "started",
            "log",
            "succeeded",
        ]
