"""A task that somebody asked to cancel never goes back into the queue, whatever ends its attempt."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import anyio
import asyncpg
import pytest

from common.queries import load_query
from helpers.database import Database, connected
from helpers.engine_statements import SETTLE_ATTEMPTS, claim, settle, settlement
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import ended, feed, outcomes

pytestmark = pytest.mark.every_postgres

CANCEL_TASKS = load_query("gateway", "cancel_tasks")
RELEASE_ORPHANS = load_query("processor", "release_orphans")
RESCUE_TASKS = load_query("processor", "rescue_tasks")


@pytest.fixture
async def processor(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.processor_dsn) as connection:
        yield connection


@pytest.fixture
async def gateway(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.gateway_dsn) as connection:
        yield connection


async def check_cancelled(connection: asyncpg.Connection, task: object, *, outcome: str) -> None:
    """The task is at its end as after any cancel, and its feed and its attempt say how it came there."""
    row = await ended(connection, task)
    assert (row["state"], row["error"], row["lease_until"], row["processor"]) == ("cancelled", None, None, None)
    events = await feed(connection, task)
    assert [event["type"] for event in events] == ["queued", "started", "cancelled"]
    assert json.loads(events[-1]["data"])["outcome"] == outcome
    assert await outcomes(connection, task) == [outcome]


@pytest.mark.parametrize("outcome", ["crashed", "failed", "out_of_memory", "interrupted"])
async def test_an_attempt_that_would_be_followed_by_another_is_the_last_one(
    processor: asyncpg.Connection, gateway: asyncpg.Connection, connection: asyncpg.Connection, outcome: str
) -> None:
    asked, other = await queued_task(connection), await queued_task(connection)
    claims = await claim(processor, 2)
    assert len(await gateway.fetch(CANCEL_TASKS, [asked], "default", None)) == 1
    columns = settlement(claims, state="queued")
    columns[3], columns[5], columns[10] = [outcome] * 2, ['{"code":"of the attempt"}'] * 2, [300.0] * 2

    assert len(await processor.fetch(SETTLE_ATTEMPTS, *columns, None)) == 2

    await check_cancelled(connection, asked, outcome=outcome)
    errors = await connection.fetchval("SELECT array_agg(error ->> 'code') FROM attempt")
    assert errors == ["of the attempt"] * 2
    row = await connection.fetchrow("SELECT *, run_at > now() AS is_delayed FROM task WHERE id = $1", other)
    assert (row["state"], row["finished_at"], row["is_delayed"]) == ("queued", None, True)
    assert [event["type"] for event in await feed(connection, other)] == ["queued", "started", "retrying"]


async def test_what_ended_well_or_failed_for_good_is_not_taken_back(
    processor: asyncpg.Connection, gateway: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection)
    claims = await claim(processor)
    await gateway.fetch(CANCEL_TASKS, [task], "default", None)

    assert await settle(processor, claims) == {task}
    assert await connection.fetchval("SELECT state FROM task") == "succeeded"


async def test_a_cancel_in_the_moment_of_the_hand_back_is_seen(
    processor: asyncpg.Connection, gateway: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    """The settle began before the cancel was committed, and waits for it."""
    task = await queued_task(connection)
    claims = await claim(processor)
    async with anyio.create_task_group() as group, gateway.transaction():
        await gateway.fetch(CANCEL_TASKS, [task], "default", None)
        group.start_soon(lambda: settle(processor, claims, state="queued"))
        await eventually(lambda: connection.fetchval("SELECT true FROM pg_locks WHERE NOT granted"))

    await check_cancelled(connection, task, outcome="interrupted")


async def test_a_task_whose_claim_was_never_heard_of_is_cancelled(
    processor: asyncpg.Connection, gateway: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    asked, other = await queued_task(connection), await queued_task(connection)
    await claim(processor, 2)
    await gateway.fetch(CANCEL_TASKS, [asked], "default", None)
    owner = await connection.fetchval("SELECT processor FROM task LIMIT 1")

    rows = await processor.fetch(RELEASE_ORPHANS, owner, [], 0.0)

    assert {row["id"]: row["state"] for row in rows} == {asked: "cancelled", other: "queued"}
    await check_cancelled(connection, asked, outcome="interrupted")
    assert [event["type"] for event in await feed(connection, other)] == ["queued", "started", "retrying"]


async def test_a_task_whose_processor_was_lost_is_cancelled(
    processor: asyncpg.Connection, gateway: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection)
    await claim(processor)
    await gateway.fetch(CANCEL_TASKS, [task], "default", None)

    await processor.fetch(RESCUE_TASKS, 3, 10, datetime.now(UTC) + timedelta(minutes=1))

    await check_cancelled(connection, task, outcome="lost")
