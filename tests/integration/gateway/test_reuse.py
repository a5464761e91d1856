"""An earlier result that will do, instead of a new run."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from helpers.asking import asked
from helpers.engine_statements import claim, settle
from helpers.factories import a_dataset, a_kind

pytestmark = pytest.mark.usefixtures("offered")


async def post(client: httpx2.AsyncClient, body: Mapping[str, Any], **changes: object) -> httpx2.Response:
    return await client.post("/v1/tasks", json={**body, **changes})


async def succeed(connection: asyncpg.Connection, task: str) -> None:
    """What a processor leaves behind, as far as it matters here."""
    await connection.execute("UPDATE task SET state = 'succeeded', finished_at = now() WHERE id = $1", UUID(task))
    await connection.execute("INSERT INTO result (task, lease, body) VALUES ($1, 1, '{}')", UUID(task))


@pytest.fixture
async def earlier(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> dict[str, Any]:
    """The body of a task that succeeded, and the task."""
    body = await asked(connection, params={"top_k": 5, "quantiles": [0.5]})
    task = (await post(client, body)).json()
    await succeed(connection, task["id"])
    return {"body": body, "id": task["id"]}


async def test_an_earlier_result_answers_at_once(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    answer = await post(client, earlier["body"], reuse=True)

    assert answer.status_code == 200
    assert (answer.json()["id"], answer.json()["state"], answer.json()["reused"]) == (earlier["id"], "succeeded", True)
    assert answer.headers["location"] == f"/v1/tasks/{earlier['id']}"
    assert "retry-after" not in answer.headers
    assert await connection.fetchval("SELECT count(*) FROM task") == 1


async def test_who_would_have_waited_gets_the_earlier_result(
    client: httpx2.AsyncClient, earlier: Mapping[str, Any]
) -> None:
    body = {**earlier["body"], "reuse": True}
    answer = await client.post("/v1/tasks", json=body, headers={"prefer": "wait=5"})

    assert (answer.status_code, answer.json()["result"], answer.json()["reused"]) == (200, {}, True)
    assert answer.headers["location"] == f"/v1/tasks/{earlier['id']}"


async def test_what_does_not_change_the_result_plays_no_part(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    body = earlier["body"]
    same_bytes = {"data": str(await a_dataset(connection, name="other.csv"))}
    reordered = dict(reversed(body["params"].items()))
    for changes in ({"timeout_s": 9}, {"tags": ["a"]}, {"priority": 5}, {"inputs": same_bytes}, {"params": reordered}):
        answer = await post(client, body, reuse=True, **changes)

        assert (answer.status_code, answer.json()["id"]) == (200, earlier["id"])


async def test_what_changes_the_result_is_run(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    body = earlier["body"]
    other_bytes = {"data": str(await a_dataset(connection, content=b"other"))}
    await a_kind(connection, name="profile2")
    for changes in ({"inputs": other_bytes}, {"params": {"top_k": 5}}, {"kind": "profile2"}, {"reuse": False}):
        answer = await post(client, body, **{"reuse": True, **changes})

        assert (answer.status_code, "reused" in answer.json()) == (202, False)


async def test_a_newer_version_of_the_kind_is_run(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    await a_kind(connection, version="2")
    first = await post(client, earlier["body"], reuse=True)
    await succeed(connection, first.json()["id"])
    second = await post(client, earlier["body"], reuse=True)

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["id"] == first.json()["id"]


async def test_what_counts_is_the_version_that_ran_and_not_the_one_that_was_announced(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    """In a fleet of two versions an older processor may run what was asked for when the newer one was announced."""
    body = await asked(connection)
    task = (await post(client, body)).json()
    await settle(connection, await claim(connection, version="0"))
    as_announced = await post(client, body, reuse=True)
    await settle(connection, await claim(connection, version="1"))
    as_run = await post(client, body, reuse=True)

    assert as_announced.status_code == 202
    assert (as_run.status_code, as_run.json()["id"]) == (200, as_announced.json()["id"])
    assert await connection.fetchval("SELECT kind_version FROM task WHERE id = $1", UUID(task["id"])) == "0"


async def test_only_what_can_be_read_is_reused(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    await connection.execute("DELETE FROM result")
    assert (await post(client, earlier["body"], reuse=True)).status_code == 202


async def test_nothing_of_another_tenant_is_reused(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    await connection.execute("UPDATE task SET tenant = 'other'")
    assert (await post(client, earlier["body"], reuse=True)).status_code == 202


async def test_a_task_that_has_not_ended_well_is_not_joined(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    waiting = (await post(client, body, reuse=True)).json()
    beside = await post(client, body, reuse=True)
    await client.post(f"/v1/tasks/{waiting['id']}/cancel")
    after = await post(client, body, reuse=True)

    assert [beside.status_code, after.status_code] == [202, 202]
    assert await connection.fetchval("SELECT count(*) FROM task") == 3


async def test_the_newest_result_is_the_one(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    newer = (await post(client, earlier["body"])).json()["id"]
    await succeed(connection, newer)

    assert (await post(client, earlier["body"], reuse=True)).json()["id"] == newer


async def test_a_batch_reuses_what_it_can(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, earlier: Mapping[str, Any]
) -> None:
    body = earlier["body"]
    batch = {"tasks": [{**body, "params": {}}, {**body, "reuse": True}]}
    answers = [await client.post("/v1/tasks/batch", json=batch, headers={"idempotency-key": "a"}) for _ in range(2)]
    new, old = answers[0].json()["tasks"]

    assert (answers[0].status_code, new["state"], old["id"]) == (202, "queued", earlier["id"])
    assert ("reused" in new, old["reused"]) == (False, True)
    assert [task["id"] for task in answers[1].json()["tasks"]] == [new["id"], old["id"]]
    assert await connection.fetchval("SELECT count(*) FROM event WHERE type = 'queued'") == 2


async def test_a_batch_of_which_all_is_there_has_ended(client: httpx2.AsyncClient, earlier: Mapping[str, Any]) -> None:
    batch = {"tasks": [{**earlier["body"], "reuse": True}] * 2}
    answer = await client.post("/v1/tasks/batch", json=batch)

    assert (answer.status_code, [task["id"] for task in answer.json()["tasks"]]) == (200, [earlier["id"]] * 2)


async def test_an_earlier_result_will_do_when_there_is_no_room_for_a_new_task(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await connection.execute("INSERT INTO tenant (name, most_queued) VALUES ('default', 1)")
    body = await asked(connection, params={"top_k": 5})
    earlier = (await post(client, body)).json()["id"]
    await succeed(connection, earlier)
    await connection.execute("UPDATE tenant SET most_queued = 0")
    there, new = {**body, "reuse": True}, {**body, "reuse": True, "params": {}}
    bodies: list[tuple[str, Any]] = [
        ("/v1/tasks", there), ("/v1/tasks/batch", {"tasks": [there, there]}),
        ("/v1/tasks", new), ("/v1/tasks/batch", {"tasks": [there, new]}), ("/v1/tasks", body),
    ]  # fmt: skip
    answers = [
        await client.post(path, json=each, headers={"idempotency-key": f"k{number}"})
        for number, (path, each) in enumerate(bodies)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 429, 429, 429]
    assert answers[0].json()["id"] == earlier
    assert [answer.json()["code"] for answer in answers[2:]] == ["queue_full"] * 3
    assert await connection.fetchval("SELECT count(*) FROM task") == 1
    assert await connection.fetchval("SELECT count(*) FROM idempotency_key") == 2
