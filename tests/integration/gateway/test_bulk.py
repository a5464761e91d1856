"""Cancelling and retrying all tasks that match a filter."""

from collections import Counter
from itertools import product
from uuid import UUID

import asyncpg
import httpx2
import pytest

from common.notifier import Notifier
from common.words import Channel, TaskState
from gateway import bulk
from gateway.bulk import Position
from gateway.errors import QueryInvalidError
from helpers.asking import story
from helpers.factories import finished_task, queued_task, running_task

pytestmark = pytest.mark.usefixtures("offered")


async def states(connection: asyncpg.Connection) -> Counter[str]:
    return Counter(row["state"] for row in await connection.fetch("SELECT state FROM task"))


async def test_all_that_match_are_cancelled(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    waiting = [await queued_task(connection, tags=["nightly"]) for _ in range(3)]
    running = (await running_task(connection, tags=["nightly"])).id
    await finished_task(connection, tags=["nightly"])
    await queued_task(connection, tags=["daily"])
    await queued_task(connection, tags=["nightly"], tenant="other")
    answer = await client.post("/v1/tasks/cancel?tag=nightly")

    assert (answer.status_code, answer.json()) == (200, {"cancelled": 3, "stopping": 1, "next": None})
    assert await states(connection) == {"cancelled": 3, "running": 1, "succeeded": 1, "queued": 2}
    assert await story(connection, waiting[0]) == [(1, "queued"), (2, "cancelled")]
    assert await connection.fetchval("SELECT cancel_requested_at IS NOT NULL FROM task WHERE id = $1", running)


async def test_cancelling_again_does_nothing_again(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await queued_task(connection)
    await running_task(connection)
    first = (await client.post("/v1/tasks/cancel?kind=profile")).json()
    again = (await client.post("/v1/tasks/cancel?kind=profile")).json()

    assert (first["cancelled"], first["stopping"]) == (1, 1)
    assert (again["cancelled"], again["stopping"]) == (0, 0)


async def test_the_state_narrows_it_down(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await queued_task(connection)
    await running_task(connection)
    answer = await client.post("/v1/tasks/cancel?state=queued")

    assert answer.json() == {"cancelled": 1, "stopping": 0, "next": None}
    assert await states(connection) == {"cancelled": 1, "running": 1}


async def test_all_that_match_are_retried(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    failed = await finished_task(connection, state="failed")
    await finished_task(connection, state="cancelled")
    await finished_task(connection)
    gone = await finished_task(connection, state="failed")
    await connection.execute("UPDATE task_input SET dataset = NULL WHERE task = $1", gone)
    answer = await client.post("/v1/tasks/retry?kind=profile")

    assert (answer.status_code, answer.json()) == (200, {"queued": 2, "next": None})
    assert await states(connection) == {"queued": 2, "succeeded": 1, "failed": 1}
    assert await story(connection, failed) == [(1, "queued"), (2, "started"), (3, "failed"), (4, "queued")]


async def test_a_retried_task_is_of_the_version_that_is_announced_now(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await finished_task(connection, state="failed")
    await connection.execute("UPDATE task SET kind_version = '0', feed_trimmed = true")
    await client.post("/v1/tasks/retry?state=failed")

    row = await connection.fetchrow("SELECT kind_version, feed_trimmed FROM task")
    assert tuple(row or ()) == ("1", False)


async def test_hints_follow_each_commit(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, notifier: Notifier
) -> None:
    heard: dict[str, set[str]] = {}
    for channel in Channel:
        await connection.add_listener(
            channel, lambda _c, _pid, channel, payload: heard.update({channel: set(payload.split(","))})
        )
    failed = await finished_task(connection, state="failed")
    running = (await running_task(connection)).id
    await client.post("/v1/tasks/cancel?state=running")
    await client.post("/v1/tasks/retry?state=failed")
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert heard == {
        Channel.WORK: {"profile"},
        Channel.CONTROL: {str(running)},
        Channel.FEED: {str(failed), str(running)},
    }


async def test_a_request_does_a_bounded_part_and_says_where_to_go_on(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "TASKS_A_BATCH", 2)
    monkeypatch.setattr(bulk, "BATCHES_A_REQUEST", 2)
    for _ in range(9):
        await queued_task(connection)
    await running_task(connection)

    parts: list[int] = []
    url: str | None = "/v1/tasks/cancel?kind=profile"
    while url is not None:
        answer = (await client.post(url)).json()
        parts.append(answer["cancelled"] + answer["stopping"])
        url = answer["next"]

    assert (sum(parts), max(parts)) == (10, 4)
    assert await states(connection) == {"cancelled": 9, "running": 1}


async def test_nothing_is_done_without_a_filter(at_the_door: httpx2.AsyncClient) -> None:
    wrong = ("", "?limit=5", "?state=succeeded", "?kind=a&cursor=queued.x", "?kind=a&cursor=asleep.", "?tag=")
    for path, query in product(("/v1/tasks/cancel", "/v1/tasks/retry"), wrong):
        answer = await at_the_door.post(path + query)

        assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")


async def test_a_position_leads_back_to_itself() -> None:
    for position in (
        Position(state=TaskState.QUEUED, after=None),
        Position(state=TaskState.RUNNING, after=UUID(int=7 << 76)),
    ):
        assert Position.of_cursor(position.as_cursor()) == position
    with pytest.raises(QueryInvalidError):
        Position.of_cursor("nowhere.")
