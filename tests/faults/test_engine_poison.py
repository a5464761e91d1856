"""One attempt tells what Postgres refuses, or more than can be written: it pays for it, its neighbours do not."""

import json

import asyncpg
import pytest

from helpers.factories import queued_task
from helpers.mortal_processor import mortal_processor
from helpers.postgres_proxy import PostgresProxy
from helpers.processes import gone
from helpers.processors import ProcessorFactory, ended, feed, outcomes, running_pid

MODEST_BYTES = 128 << 20  # a processor that has nothing to do takes half of that


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("unstorable-result", "result_unwritable"),
        ("name-twice", "result_unwritable"),
        ("unstorable-event", "event_unwritable"),
    ],
)
async def test_what_postgres_refuses_fails_one_task_alone(
    processors: ProcessorFactory, connection: asyncpg.Connection, kind: str, code: str
) -> None:
    """All of them end together: while the first statement is under way, the others gather for the second."""
    async with processors.start(slots=8) as processor:
        neighbours = [await queued_task(connection, inputs={}, kind="story") for _ in range(6)]
        poisoned = [await queued_task(connection, inputs={}, kind=kind) for _ in range(2)]
        for task in poisoned:
            row = await ended(connection, task)
            assert (row["state"], json.loads(row["error"])["code"]) == ("failed", code)
            assert await outcomes(connection, task) == ["failed"]
            await feed(connection, task)
        for task in neighbours:
            assert (await ended(connection, task))["state"] == "succeeded"
            assert await outcomes(connection, task) == ["succeeded"]
            await feed(connection, task)
        assert not processor.slots.holds()

    assert await connection.fetchval("SELECT count(*) FROM result WHERE task = ANY($1)", poisoned) == 0
    assert await connection.fetchval("SELECT count(*) FROM artifact WHERE task = ANY($1)", poisoned) == 0


async def test_a_refused_event_ends_an_attempt_that_still_runs(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="unstorable-event", params={"gate": "/nowhere"})
        row = await ended(connection, task)

    assert json.loads(row["error"])["code"] == "event_unwritable"
    assert [event["type"] for event in await feed(connection, task)] == ["queued", "started", "failed"]


async def test_params_that_no_child_can_be_told_fail_their_task_for_good(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """JSON may hold half a character, UTF-8 may not."""
    async with processors.start(slots=1):
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "\ud800"}, max_attempts=3)
        row = await ended(connection, task)

    assert json.loads(row["error"])["code"] == "params_invalid"
    assert await outcomes(connection, task) == ["failed"]


async def test_a_hundred_megabytes_of_log_disturb_nobody(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with mortal_processor(processors, slots=2) as processor:
        flood = await queued_task(connection, inputs={}, kind="flood", params={"lines": 10_000})
        neighbours = [await queued_task(connection, inputs={}, kind="story") for _ in range(5)]
        for task in neighbours:
            assert (await ended(connection, task))["state"] == "succeeded"
        assert (await ended(connection, flood))["state"] == "succeeded"
        assert processor.peak_bytes() < MODEST_BYTES

    assert sum(event["type"] == "log" for event in await feed(connection, flood)) == 1000


async def test_partial_results_past_the_most_are_dropped_and_that_is_said(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(partials_mb=2):
        task = await queued_task(connection, inputs={}, kind="flood-partials", params={"count": 20})
        assert (await ended(connection, task))["state"] == "succeeded"

    types = [event["type"] for event in await feed(connection, task)]
    assert types == ["queued", "started", "log", "partial", "partial", "log", "succeeded"]


async def test_a_flood_that_cannot_be_written_waits_in_its_child(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    """Gigabytes of partial results while Postgres is away: the processor keeps a few, and then listens no more."""
    gate = proxied.folder / "gate"
    async with mortal_processor(proxied) as processor:
        params = {"gate": str(gate), "count": 10_000}
        task = await queued_task(connection, inputs={}, kind="flood-partials", params=params, timeout_s=3)
        pid = await running_pid(connection, task)
        proxy.freeze(also_new=True)
        gate.touch()
        assert await gone(pid)
        proxy.thaw()
        row = await ended(connection, task)
        assert processor.peak_bytes() < MODEST_BYTES

    assert json.loads(row["error"])["code"] == "timed_out"
    await feed(connection, task)


async def test_megabytes_of_small_values_are_passed_on_and_never_become_objects(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with mortal_processor(processors) as processor:
        task = await queued_task(connection, inputs={}, kind="value-bomb", params={"count": 16})
        assert (await ended(connection, task))["state"] == "succeeded"
        assert processor.peak_bytes() < 3 * MODEST_BYTES

    length = await connection.fetchval(
        "SELECT length(data::text) FROM event WHERE task = $1 AND type = 'partial'", task
    )
    assert length > 15 << 20


async def test_what_would_tell_more_than_it_may_ends_like_a_crash(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(max_crashes=1):
        task = await queued_task(connection, inputs={}, kind="two-in-one", params={"gate": "/nowhere"})
        row = await ended(connection, task)

    assert json.loads(row["error"])["code"] == "quarantined"
    assert [event["type"] for event in await feed(connection, task)] == ["queued", "started", "failed"]
