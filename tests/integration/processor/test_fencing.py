"""Every write about a running task matches its lease: the statements by themselves, on every Postgres."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from common.queries import load_query
from helpers.database import Database, connected
from helpers.engine_statements import claim, settle, settlement
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import feed, outcomes

pytestmark = pytest.mark.every_postgres

APPEND_EVENTS = load_query("processor", "append_events")
RENEW_LEASES = load_query("processor", "renew_leases")
RESCUE_TASKS = load_query("processor", "rescue_tasks")
SETTLE_ATTEMPTS = load_query("processor", "settle_attempts")
WRITE_PROGRESS = load_query("processor", "write_progress")
UPDATES_OF_TASKS = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'task' AND n_tup_upd >= $1"
Claimed = Mapping[str, Any]


@pytest.fixture
async def processor(database: Database) -> AsyncIterator[asyncpg.Connection]:
    async with connected(database.processor_dsn) as connection:
        yield connection


@pytest.fixture
async def claimed(processor: asyncpg.Connection, connection: asyncpg.Connection) -> Claimed:
    """A task that was just claimed for the first time."""
    await queued_task(connection, max_attempts=5)
    return dict((await claim(processor))[0])


@pytest.fixture
async def stale(processor: asyncpg.Connection, claimed: Claimed) -> Claimed:
    """The same claim, after the task was handed back and claimed by another."""
    await settle(processor, [claimed], state="queued")
    await claim(processor)
    return claimed


def event(claim: Claimed, seq: int, kind: str = "log") -> tuple[list[Any], ...]:
    return [claim["id"]], [claim["lease"]], [seq], [kind], [f'{{"seq":{seq}}}']


async def renew(processor: asyncpg.Connection, claim: Claimed) -> list[asyncpg.Record]:
    return list(await processor.fetch(RENEW_LEASES, [claim["id"]], [claim["lease"]], 30.0, None))


async def everything(connection: asyncpg.Connection) -> list[list[asyncpg.Record]]:
    """All rows of all tables that are about tasks."""
    return [
        await connection.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")
        for table in ("task", "attempt", "event", "progress", "result", "artifact")
    ]


async def test_a_stale_writer_changes_nothing(
    processor: asyncpg.Connection, connection: asyncpg.Connection, stale: Claimed
) -> None:
    before = await everything(connection)
    last_seq = await connection.fetchval("SELECT last_seq FROM task")

    for seq in (3, last_seq, last_seq + 1):
        assert await processor.fetch(APPEND_EVENTS, *event(stale, seq)) == []
    assert await processor.fetch(WRITE_PROGRESS, [stale["id"]], [stale["lease"]], ["{}"]) == []
    assert await renew(processor, stale) == []
    for state in ("succeeded", "cancelled", "queued"):
        assert await settle(processor, [stale], state=state) == set()

    assert await everything(connection) == before


async def test_a_settled_attempt_cannot_be_written_about(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    await settle(processor, [claimed])
    before = await everything(connection)

    assert await processor.fetch(APPEND_EVENTS, *event(claimed, 4)) == []
    assert await processor.fetch(WRITE_PROGRESS, [claimed["id"]], [claimed["lease"]], ["{}"]) == []
    assert await renew(processor, claimed) == []
    assert await settle(processor, [claimed], state="queued") == set()
    assert await everything(connection) == before


async def test_the_end_is_written_whole(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    columns = settlement([claimed])
    columns[13] = ['{"phase":"last"}']
    columns[14:] = [[claimed["id"]], ["made.txt"], ["0" * 64], [10], ["text/plain"]]
    assert len(await processor.fetch(SETTLE_ATTEMPTS, *columns, None)) == 1

    task = await connection.fetchrow("SELECT * FROM task")
    assert (task["state"], task["lease_until"], task["processor"]) == ("succeeded", None, None)
    assert [row["type"] for row in await feed(connection, claimed["id"])] == ["queued", "started", "succeeded"]
    assert await outcomes(connection, claimed["id"]) == ["succeeded"]
    attempt = await connection.fetchrow("SELECT * FROM attempt")
    assert (attempt["peak_memory_bytes"], attempt["cpu_seconds"]) == (1_000_000, 0.5)
    result = await connection.fetchrow("SELECT body, bytes FROM result")
    assert (json.loads(result["body"]), result["bytes"]) == ({"data": {}}, len(result["body"]))
    assert await connection.fetchval("SELECT name FROM artifact") == "made.txt"
    assert await connection.fetchval("SELECT data ->> 'phase' FROM progress WHERE lease = 1") == "last"


async def test_of_a_batch_only_those_are_settled_whose_lease_holds(
    processor: asyncpg.Connection, connection: asyncpg.Connection, stale: Claimed
) -> None:
    task = await queued_task(connection)
    (fresh,) = await claim(processor)

    assert await settle(processor, [stale, dict(fresh)]) == {task}
    assert await connection.fetchval("SELECT count(*) FROM result") == 1
    await feed(connection, stale["id"])


async def test_events_that_are_sent_again_are_there_once(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    first, second = event(claimed, 3), event(claimed, 4)
    both = tuple(a + b for a, b in zip(first, second, strict=True))
    for columns in (first, first, both, both, second):
        assert len(await processor.fetch(APPEND_EVENTS, *columns)) == 1

    assert [row["seq"] for row in await feed(connection, claimed["id"])] == [1, 2, 3, 4]


async def test_events_that_would_leave_a_gap_are_refused(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    assert await processor.fetch(APPEND_EVENTS, *event(claimed, 4)) == []
    assert len(await feed(connection, claimed["id"])) == 2


async def test_progress_is_overwritten_and_never_by_an_older_lease(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    for fraction in ("0.1", "0.2"):
        await processor.fetch(WRITE_PROGRESS, [claimed["id"]], [claimed["lease"]], [fraction])
    before = await connection.fetchrow("SELECT lease, rev, data FROM progress")
    await settle(processor, [claimed], state="queued")
    (again,) = await claim(processor)
    await processor.fetch(WRITE_PROGRESS, [again["id"]], [again["lease"]], ["0.0"])
    await processor.fetch(WRITE_PROGRESS, [claimed["id"]], [claimed["lease"]], ["0.3"])
    after = await connection.fetchrow("SELECT lease, rev, data FROM progress")

    assert tuple(before) == (1, 2, "0.2")
    assert tuple(after) == (2, 3, "0.0")


async def test_a_heartbeat_renews_and_tells_who_wants_it_cancelled(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    before = await connection.fetchval("SELECT lease_until FROM task")
    calm = await renew(processor, claimed)
    await connection.execute("UPDATE task SET cancel_requested_at = now()")
    asked = await renew(processor, claimed)

    assert [row["cancel_requested"] for row in (*calm, *asked)] == [False, True]
    assert await connection.fetchval("SELECT lease_until FROM task") > before


async def test_heartbeats_and_events_touch_no_index(
    processor: asyncpg.Connection, connection: asyncpg.Connection, claimed: Claimed
) -> None:
    await renew(processor, claimed)
    await processor.fetch(APPEND_EVENTS, *event(claimed, 3))
    await processor.close()  # its counts are told at its end

    row = await eventually(lambda: connection.fetchrow(UPDATES_OF_TASKS, 3))
    # The claim moved the row from one partial index to another; nothing after it did.
    assert row["n_tup_upd"] - row["n_tup_hot_upd"] == 1


@pytest.mark.parametrize(
    ("crashes", "asked_to_cancel", "state", "code"),
    [(0, False, "queued", "lost"), (2, False, "failed", "quarantined"), (0, True, "cancelled", None)],
)
async def test_a_task_whose_lease_ran_out_is_rescued_and_its_processor_is_too_late(
    processor: asyncpg.Connection,
    connection: asyncpg.Connection,
    claimed: Claimed,
    *,
    crashes: int,
    asked_to_cancel: bool,
    state: str,
    code: str | None,
) -> None:
    await connection.execute(
        "UPDATE task SET attempts = 3, crashes = $1, cancel_requested_at = CASE WHEN $2 THEN now() END",
        *(crashes, asked_to_cancel),
    )
    await connection.execute("UPDATE attempt SET number = 3")
    assert await processor.fetch(RESCUE_TASKS, 3, 10, None) == []
    rescued = await processor.fetch(RESCUE_TASKS, 3, 10, datetime.now(UTC) + timedelta(minutes=1))

    assert [(row["id"], row["state"]) for row in rescued] == [(claimed["id"], state)]
    error = await connection.fetchval("SELECT error FROM task")
    assert (json.loads(error)["code"] if error else None) == code
    assert await outcomes(connection, claimed["id"]) == ["lost"]
    assert await settle(processor, [claimed]) == set()
    assert await connection.fetchval("SELECT count(*) FROM result") == 0
    await feed(connection, claimed["id"])


@pytest.mark.parametrize("outcome", ["succeeded", "cancelled"])
async def test_two_that_end_the_same_attempt_at_once_end_it_once(
    database: Database, connection: asyncpg.Connection, claimed: Claimed, outcome: str
) -> None:
    async with connected(database.processor_dsn) as one, connected(database.processor_dsn) as two:
        async with one.transaction():
            assert await settle(one, [claimed], state=outcome) == {claimed["id"]}
            await two.execute("SET lock_timeout = '50ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await settle(two, [claimed], state="queued")
        assert await settle(two, [claimed], state="queued") == set()

    assert await connection.fetchval("SELECT state FROM task") == outcome
