"""Retrying by hand: a task that failed or was cancelled goes on in the same feed."""

import json
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.notifier import Notifier
from common.words import Channel
from gateway.plain_text import event_line
from helpers.asking import asked, story
from helpers.database import Database, connected
from helpers.engine_statements import claim
from helpers.factories import finished_task, queued_task, running_task

pytestmark = pytest.mark.usefixtures("offered")


async def retry(client: httpx2.AsyncClient, identity: UUID, **changes: Any) -> httpx2.Response:
    return await client.post(f"/v1/tasks/{identity}/retry", json=changes)


async def last_event(connection: asyncpg.Connection, identity: UUID) -> dict[str, Any]:
    text = await connection.fetchval("SELECT data FROM event WHERE task = $1 ORDER BY seq DESC LIMIT 1", identity)
    data: dict[str, Any] = json.loads(text)
    return data


@pytest.mark.parametrize("state", ["failed", "cancelled"])
async def test_a_task_goes_back_into_the_queue_and_its_story_goes_on(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, state: str
) -> None:
    identity = await finished_task(connection, state=state)
    await connection.execute("UPDATE task SET crashes = 1, cancel_requested_at = now()")
    answer = await client.post(f"/v1/tasks/{identity}/retry")

    task = answer.json()
    assert (answer.status_code, task["state"], task["version"]) == (202, "queued", 4)
    assert (task["error"], task["finished_at"], task["cancel_requested_at"]) == (None, None, None)
    assert answer.headers["retry-after"] == "1"
    assert await story(connection, identity) == [(1, "queued"), (2, "started"), (3, state), (4, "queued")]
    assert await last_event(connection, identity) == {"retry": True}
    row = await connection.fetchrow("SELECT failures, crashes, attempts, lease, last_seq, run_at <= now() FROM task")
    assert tuple(row or ()) == (0, 0, 1, 1, 4, True)
    assert task == (await client.get(f"/v1/tasks/{identity}")).json()


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
@pytest.mark.parametrize("command", ["{}/retry", "{}/cancel", "retry?state=failed", "cancel?state=queued"])
async def test_a_command_with_the_type_of_a_body_needs_none(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, command: str, media_type: str
) -> None:
    """Many clients send the type with every POST."""
    path = f"/v1/tasks/{command.format(await finished_task(connection, state='failed'))}"
    answer = await client.post(path, headers={"content-type": media_type})

    assert answer.is_success


@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "text/plain", ""])
async def test_changes_of_another_type_than_json_are_refused(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, media_type: str
) -> None:
    identity = await finished_task(connection, state="failed")
    answer = await client.post(f"/v1/tasks/{identity}/retry", content=b"{}", headers={"content-type": media_type})

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert await connection.fetchval("SELECT state FROM task") == "failed"


def test_a_person_reads_that_it_was_by_hand() -> None:
    first, again = ({"type": "queued", "at": "2026-11-22T12:00:01Z", **data} for data in ({}, {"retry": True}))

    assert event_line(first) == "12:00:01  queued"
    assert event_line(again) == "12:00:01  queued      again, by hand"


async def test_params_limits_and_priority_may_change(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    identity = await finished_task(connection, state="failed", params={"top_k": 1, "quantiles": [0.5]})
    answer = await retry(client, identity, params={"top_k": 2}, memory_mb=4096, timeout_s=600, priority=3)

    task = answer.json()
    assert (task["params"], task["memory_mb"], task["timeout_s"], task["priority"]) == ({"top_k": 2}, 4096, 600, 3)
    assert await last_event(connection, identity) == {
        "retry": True,
        "changed": {
            "/priority": {"from": 0, "to": 3},
            "/memory_mb": {"from": 2048, "to": 4096},
            "/params/top_k": {"from": 1, "to": 2},
            "/params/quantiles": {"from": [0.5]},
        },
    }


async def test_hints_follow_the_commit(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, notifier: Notifier
) -> None:
    heard: dict[str, str] = {}
    for channel in (Channel.WORK, Channel.FEED):
        await connection.add_listener(channel, lambda _c, _pid, channel, payload: heard.update({channel: payload}))
    identity = await finished_task(connection, state="failed")
    await retry(client, identity)
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert heard == {Channel.WORK: "profile", Channel.FEED: str(identity)}


async def test_a_feed_that_was_trimmed_will_be_trimmed_again(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    identity = await finished_task(connection, state="failed")
    await connection.execute("DELETE FROM event WHERE seq < 3")
    await connection.execute("UPDATE task SET feed_trimmed = true")
    await retry(client, identity)

    assert await story(connection, identity) == [(3, "failed"), (4, "queued")]
    assert not await connection.fetchval("SELECT feed_trimmed FROM task")


async def test_a_task_that_ran_out_of_memory_runs_as_a_new_one_would(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    identity = await finished_task(connection, state="failed")
    await connection.execute("UPDATE attempt SET outcome = 'out_of_memory'")
    await retry(client, identity, memory_mb=8192)

    async with connected(database.processor_dsn) as processor:
        (claimed,) = await claim(processor)

    assert (claimed["attempts"], claimed["memory_mb"], claimed["low_memory"]) == (2, 8192, False)


async def test_wrong_changes_are_pointed_at(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    identity = await finished_task(connection, state="failed")
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"params": {"top_k": -1}}, "params_invalid", "/params/top_k"),
        ({"memory_mb": 10**9}, "request_invalid", "/memory_mb"),
        ({"kind": "convert"}, "request_invalid", "/kind"),
        ({"priority": "high"}, "request_invalid", "/priority"),
    ]
    for changes, code, pointer in wrong:
        answer = await retry(client, identity, **changes)

        assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, pointer)
    assert await connection.fetchval("SELECT state FROM task") == "failed"


async def test_a_task_that_waits_or_runs_stays_as_it_is(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    for identity in (await queued_task(connection), (await running_task(connection)).id):
        before = (await client.get(f"/v1/tasks/{identity}")).json()
        same: list[dict[str, Any]] = [{}, {"memory_mb": 2048}, {"params": {}}]
        for changes in same:
            answer = await retry(client, identity, **changes)

            assert (answer.status_code, answer.json()) == (202, before)
        refused = await retry(client, identity, memory_mb=4096)
        assert (refused.status_code, refused.json()["code"]) == (409, "task_not_retriable")


async def test_a_task_that_succeeded_is_not_run_again(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    answer = await retry(client, await finished_task(connection))

    assert (answer.status_code, answer.json()["code"]) == (409, "task_not_retriable")
    assert await connection.fetchval("SELECT state FROM task") == "succeeded"


async def test_many_at_once_are_one_retry(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    identity = await finished_task(connection, state="failed")
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await retry(client, identity, memory_mb=4096))

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(ask)

    assert {answer.status_code for answer in answers} == {202}
    assert (await story(connection, identity))[3:] == [(4, "queued")]


async def test_a_task_whose_data_is_gone_cannot_be_retried(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    identity = await finished_task(connection, state="failed")
    await connection.execute("DELETE FROM dataset")
    answer = await retry(client, identity)

    assert (answer.status_code, answer.json()["code"]) == (422, "dataset_unknown")
    assert answer.json()["pointer"] == "/inputs/data"


async def test_an_unknown_task_cannot_be_retried(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    others = await finished_task(connection, state="failed", tenant="other")
    for identity in (uuid4(), others):
        assert (await retry(client, identity)).status_code == 404
    assert await connection.fetchval("SELECT state FROM task") == "failed"


async def test_a_body_is_json_or_not_there(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    path = f"/v1/tasks/{await finished_task(connection, state='failed')}/retry"
    typeless = await client.post(path, content=b"{}")
    form = await client.post(path, data={"priority": "1"})

    assert [answer.json()["code"] for answer in (typeless, form)] == ["media_type_unsupported"] * 2


async def test_a_retried_task_is_found_again_by_what_it_asks_now(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    """The digest follows the params: else an earlier result would be taken for that of another question."""
    body = await asked(connection, params={"top_k": 1})
    identity = UUID((await client.post("/v1/tasks", json=body)).json()["id"])
    await client.post(f"/v1/tasks/{identity}/cancel")
    await retry(client, identity, params={"top_k": 2})
    await connection.execute("UPDATE task SET state = 'succeeded', finished_at = now()")
    await connection.execute("INSERT INTO result (task, lease, body) VALUES ($1, 1, '{}')", identity)

    old = await client.post("/v1/tasks", json={**body, "reuse": True})
    new = await client.post("/v1/tasks", json={**body, "params": {"top_k": 2}, "reuse": True})

    assert (old.status_code, new.status_code, new.json()["id"]) == (202, 200, str(identity))
