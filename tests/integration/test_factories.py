"""Each factory makes a stage that holds all of the schema's invariants."""

import asyncpg
import pytest

from helpers.factories import (
    a_kind,
    a_progress,
    an_artifact,
    an_event,
    finished_task,
    queued_task,
    running_task,
)


async def test_each_stage_has_a_feed_without_a_gap(connection: asyncpg.Connection) -> None:
    await queued_task(connection)
    running = await running_task(connection)
    await an_event(connection, running.id, "log", attempt=1, data={"level": "info", "message": "reading"})
    await a_progress(connection, running.id, lease=running.lease)
    await a_kind(connection)
    done = await finished_task(connection, tags=["nightly"])
    await an_artifact(connection, done)

    feeds = await connection.fetch(
        "SELECT task.last_seq, array_agg(event.seq ORDER BY seq) AS seqs FROM task JOIN event ON event.task = task.id"
        " GROUP BY task.id ORDER BY task.id"
    )
    assert [(feed["last_seq"], feed["seqs"]) for feed in feeds] == [(1, [1]), (3, [1, 2, 3]), (3, [1, 2, 3])]


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
async def test_a_finished_task_has_one_closed_attempt(connection: asyncpg.Connection, state: str) -> None:
    task = await finished_task(connection, state=state)

    assert await connection.fetchval("SELECT outcome FROM attempt WHERE task = $1", task) == state
    assert await connection.fetchval("SELECT count(*) FROM result WHERE task = $1", task) == int(state == "succeeded")
