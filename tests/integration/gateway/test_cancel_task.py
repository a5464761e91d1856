"""Cancelling: at once where a task waits, asked for where it runs, nothing where it has ended."""

from collections.abc import Callable
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.notifier import Notifier
from common.words import Channel
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import a_processor, finished_task, queued_task, running_task

WAITS_FOR_A_LOCK = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def heard(connection: asyncpg.Connection) -> Callable[[], list[tuple[str, str]]]:
    """What was notified so far."""
    notified: list[tuple[str, str]] = []
    for channel in Channel:
        await connection.add_listener(channel, lambda _c, _pid, channel, payload: notified.append((channel, payload)))
    return lambda: notified


async def cancel(client: httpx2.AsyncClient, identity: UUID) -> httpx2.Response:
    return await client.post(f"/v1/tasks/{identity}/cancel")


async def test_a_task_that_waits_is_cancelled_at_once(
    client: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    notifier: Notifier,
    heard: Callable[[], list[tuple[str, str]]],
) -> None:
    identity = await queued_task(connection)
    answer = await cancel(client, identity)
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert (answer.status_code, answer.json()["state"], answer.json()["version"]) == (200, "cancelled", 2)
    assert answer.json()["finished_at"]
    story = await connection.fetch("SELECT seq, type FROM event WHERE task = $1 ORDER BY seq", identity)
    assert [tuple(event) for event in story] == [(1, "queued"), (2, "cancelled")]
    assert heard() == [(Channel.FEED, str(identity))]


async def test_a_task_that_runs_is_asked_to_stop(
    client: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    notifier: Notifier,
    heard: Callable[[], list[tuple[str, str]]],
) -> None:
    task = await running_task(connection)
    answer = await cancel(client, task.id)
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert answer.json()["cancel_requested_at"]
    assert await connection.fetchval("SELECT max(seq) FROM event WHERE task = $1", task.id) == 2
    assert sorted(heard()) == [(Channel.CONTROL, str(task.id)), (Channel.FEED, str(task.id))]


async def test_a_task_that_has_ended_stays_as_it_is(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for state in ("succeeded", "failed", "cancelled"):
        identity = await finished_task(connection, state=state)
        before = (await client.get(f"/v1/tasks/{identity}")).json()
        answer = await cancel(client, identity)

        assert (answer.status_code, answer.json()) == (200, before)


async def test_cancelling_twice_is_cancelling_once(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    waiting, running = await queued_task(connection), (await running_task(connection)).id
    first = [(await cancel(client, identity)).json() for identity in (waiting, running)]
    again = [await cancel(client, identity) for identity in (waiting, running)]

    assert [answer.json() for answer in again] == first
    assert [answer.status_code for answer in again] == [200, 202]


async def test_a_claim_in_the_same_moment_is_asked_to_stop(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    """The claim has the row when the cancel comes, so the cancel judges what the claim has left."""
    identity = await queued_task(connection)
    processor = await a_processor(connection)
    async with connected(database.dsn) as claiming, anyio.create_task_group() as group:
        claim = claiming.transaction()
        await claim.start()
        await claiming.execute(
            "UPDATE task SET state = 'running', lease = 1, lease_until = now() + interval '1 min', processor = $2,"
            " last_seq = 2 WHERE id = $1",
            *(identity, processor),
        )
        answers: list[httpx2.Response] = []

        async def cancelling() -> None:
            answers.append(await cancel(client, identity))

        group.start_soon(cancelling)
        await eventually(lambda: connection.fetchval(WAITS_FOR_A_LOCK))
        await claim.commit()

    (answer,) = answers
    assert (answer.status_code, answer.json()["state"]) == (202, "running")
    assert await connection.fetchval("SELECT cancel_requested_at IS NOT NULL FROM task")


async def test_an_unknown_task_cannot_be_cancelled(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for identity in (uuid4(), await queued_task(connection, tenant="other")):
        assert (await cancel(client, identity)).status_code == 404
    assert await connection.fetchval("SELECT state FROM task") == "queued"
