"""How the queue stands."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from common.queries import load_query
from helpers.factories import a_kind, finished_task, queued_task, running_task

FILL = """
    SET session_replication_role = replica;
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, state, finished_at, error)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 'default', 'profile', 1, 1, 1, 'failed', now() - interval '1 h', '{}'
        FROM generate_series(1, 5000) AS n;
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 'default', 'profile', 1, 1, 1 FROM generate_series(5001, 8000) AS n;
    SET session_replication_role = origin;
    ANALYZE;
    SET plan_cache_mode = force_generic_plan;
"""


INDEXES = {
    "count_queue": {"task_due", "task_running"},
    "count_recent": {"task_listed", "task_listed_by_state", "task_ended"},
}


async def stats(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/v1/stats")
    assert answer.status_code == 200
    figures: dict[str, Any] = answer.json()
    return figures


def exactly(value: int) -> dict[str, object]:
    return {"value": value, "exact": True}


async def test_what_waits_and_runs_is_counted_by_kind(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, offered: None
) -> None:
    await a_kind(connection, name="convert")
    for _ in range(2):
        await queued_task(connection)
    await queued_task(connection, tenant="other")
    await running_task(connection)
    await finished_task(connection)

    assert (await stats(client))["kinds"] == [
        {"kind": "convert", "queued": exactly(0), "running": exactly(0), "processors": 0},
        {"kind": "profile", "queued": exactly(2), "running": exactly(1), "processors": 3},
    ]


async def test_the_last_minute_is_told(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for state in ("succeeded", "succeeded", "failed", "cancelled"):
        await finished_task(connection, state=state)
    await finished_task(connection, tenant="other")
    old = await finished_task(connection)
    await connection.execute("UPDATE task SET finished_at = now() - interval '2 min' WHERE id = $1", old)
    await queued_task(connection, id=UUID("01900000-0000-7000-8000-000000000000"))

    assert (await stats(client))["last_minute"] == {
        "created": exactly(5), "succeeded": exactly(2), "failed": exactly(1), "cancelled": exactly(1)
    }  # fmt: skip


async def test_who_is_due_longest_tells_how_long_the_queue_is(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await queued_task(connection, run_at=datetime.now(UTC) + timedelta(hours=1))
    assert (await stats(client))["waits_s"] is None

    await queued_task(connection, run_at=datetime.now(UTC) - timedelta(hours=1))
    await queued_task(connection)
    assert 3_600 <= (await stats(client))["waits_s"] < 3_700


@pytest.mark.every_postgres
async def test_figures_come_from_indexes(connection: asyncpg.Connection) -> None:
    await a_kind(connection)
    await connection.execute(FILL)
    arguments: dict[str, list[object]] = {
        "count_queue": ["default"],
        "count_recent": ["default", UUID(int=1), datetime.now(UTC) - timedelta(minutes=1)],
    }
    for name, values in arguments.items():
        text = await connection.fetchval(f"EXPLAIN (FORMAT JSON) {load_query('gateway', name)}", *values)
        found = [step for step in steps(json.loads(text)[0]["Plan"]) if step.get("Relation Name") == "task"]

        assert {step.get("Index Name") for step in found} == INDEXES[name]


def steps(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from steps(inner)
