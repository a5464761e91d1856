"""What the gateway's role may do to a task's state, tried on a real Postgres."""

from collections.abc import AsyncIterator
from itertools import permutations
from uuid import UUID

import asyncpg
import pytest

from helpers.database import Database, connected
from helpers.factories import finished_task, queued_task, running_task

ALLOWED = {("queued", "cancelled"), ("failed", "queued"), ("cancelled", "queued")}
STATES = ("queued", "running", "succeeded", "failed", "cancelled")
MOVE = (
    "UPDATE task SET state = $2, error = '{}',"
    " finished_at = CASE WHEN $2 = ANY ('{succeeded,failed,cancelled}'::task_state[]) THEN now() END WHERE id = $1"
)


@pytest.fixture
async def gateway(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.gateway_dsn) as connection:
        yield connection


async def task_in(connection: asyncpg.Connection, state: str) -> UUID:
    if state == "queued":
        return await queued_task(connection)
    if state == "running":
        return (await running_task(connection)).id
    return await finished_task(connection, state=state)


@pytest.mark.every_postgres
async def test_only_processors_start_and_finish_tasks(
    connection: asyncpg.Connection, gateway: asyncpg.Connection
) -> None:
    for before, after in permutations(STATES, 2):
        identity = await task_in(connection, before)
        if (before, after) in ALLOWED:
            await gateway.execute(MOVE, identity, after)
            assert await connection.fetchval("SELECT state FROM task WHERE id = $1", identity) == after
        else:
            with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"from {before} to {after}"):
                await gateway.execute(MOVE, identity, after)


async def test_what_is_not_the_gateways_is_closed_to_it(gateway: asyncpg.Connection) -> None:
    for statement in (
        "UPDATE task SET lease = lease + 1",
        "UPDATE task SET tenant = 'other'",
        "UPDATE task SET request_digest = NULL",
        "DELETE FROM task",
        "DELETE FROM event",
        "DELETE FROM idempotency_key",
        "UPDATE idempotency_key SET tenant = 'other'",
        "INSERT INTO result (task, lease, body) VALUES (gen_random_uuid(), 1, '{}')",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await gateway.execute(statement)
