"""The processor's statements by themselves, with only what matters to a test."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg

from common.queries import load_query
from helpers.factories import KIND

CLAIM_TASKS: Final = load_query("processor", "claim_tasks")
LOCK_CLAIMS: Final = load_query("processor", "lock_claims")
SETTLE_ATTEMPTS: Final = load_query("processor", "settle_attempts")

MANY_QUEUED: Final = """
    WITH made AS (
        INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, last_seq)
        SELECT gen_random_uuid(), $1, $2, 60, 1000, 3, 1 FROM generate_series(1, $3::integer)
        RETURNING id
    )
    INSERT INTO event (task, seq, type) SELECT id, 1, 'queued' FROM made
"""
MANY_ENDED: Final = """
    WITH made AS (
        INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, last_seq, state, attempts, lease,
            finished_at)
        SELECT gen_random_uuid(), $1, $2, 60, 1000, 3, 3, 'succeeded', 1, 1, now() FROM generate_series(1, $3::integer)
        RETURNING id
    ), told AS (
        INSERT INTO event (task, seq, type)
        SELECT id, seq, type::event_type
        FROM made CROSS JOIN (VALUES (1, 'queued'), (2, 'started'), (3, 'succeeded')) AS story (seq, type)
    ), ran AS (
        INSERT INTO attempt (task, number, lease, processor, processor_name, finished_at, outcome)
        SELECT id, 1, 1, id, 'a processor', now(), 'succeeded' FROM made
    )
    INSERT INTO result (task, lease, body) SELECT id, 1, '{}' FROM made
"""


async def claim(
    connection: asyncpg.Connection,
    places: int = 1,
    *,
    kinds: Sequence[str] = (KIND,),
    processor: UUID | None = None,
    lease_s: float = 30,
    at: datetime | None = None,
    version: str = "1",
) -> list[asyncpg.Record]:
    """Claim so many tasks as one processor would, without the lock that caps need."""
    asked = (processor or uuid4(), "a processor", places, list(kinds), lease_s, at, [version] * len(kinds))
    return list(await connection.fetch(CLAIM_TASKS, *asked))


async def claim_under_caps(connection: asyncpg.Connection, places: int = 1, **how: Any) -> list[asyncpg.Record]:
    """The same, behind the lock that makes caps exact."""
    async with connection.transaction():
        await connection.execute(LOCK_CLAIMS)
        return await claim(connection, places, **how)


def settlement(claims: Sequence[Mapping[str, Any]], *, state: str = "succeeded") -> list[list[Any]]:
    """The parameters of settle_attempts.sql that end these claims: `succeeded`, `cancelled`, `queued` (handed back)."""
    ends = {
        "succeeded": ("succeeded", "succeeded", '{"data":{}}'),
        "cancelled": ("cancelled", "cancelled", None),
        "queued": ("interrupted", "retrying", None),
    }
    outcome, event, body = ends[state]
    count = len(claims)
    attempts: list[list[Any]] = [[row["id"] for row in claims], [row["lease"] for row in claims]]
    same = [state, outcome, event, None, "{}", body, 1_000_000, 0.5, 0.0, False, False, None]
    return [*attempts, *([value] * count for value in same), [], [], [], [], []]


async def settle(
    connection: asyncpg.Connection, claims: Sequence[Mapping[str, Any]], *, state: str = "succeeded"
) -> set[UUID]:
    """End these claims; the tasks whose lease still held."""
    return {row["id"] for row in await connection.fetch(SETTLE_ATTEMPTS, *settlement(claims, state=state), None)}


async def many_tasks(
    connection: asyncpg.Connection, count: int, *, tenant: str = "default", kind: str = KIND, state: str = "queued"
) -> None:
    """So many tasks at once, without inputs: `queued`, or `succeeded` with all that belongs to one that ran."""
    await connection.execute(
        MANY_ENDED if state == "succeeded" else MANY_QUEUED,
        *(tenant, kind, count),
    )
