"""A request that comes again with its key does its work once."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.ids import new_task_id
from gateway.digests import named_digest, request_digest
from gateway.intake import ONE
from helpers.asking import asked
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import queued_task

pytestmark = pytest.mark.usefixtures("offered")

WAITS_FOR_A_LOCK = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
CLAIM = (
    "INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at)"
    " VALUES ('default', $1, $2, ARRAY[$3::uuid], now() + interval '1 h')"
)


async def post(
    client: httpx2.AsyncClient, body: Mapping[str, Any], *, key: str, path: str = "/v1/tasks"
) -> httpx2.Response:
    return await client.post(path, json=body, headers={"idempotency-key": key})


async def count(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM task"))


async def test_the_same_request_again_is_answered_with_the_same_task(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection, params={"top_k": 5})
    first = await post(client, body, key="a")
    again = await post(client, dict(reversed(body.items())), key="a")

    assert (first.status_code, again.status_code) == (202, 202)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert again.headers["idempotent-replayed"] == "true"
    assert "idempotent-replayed" not in first.headers
    assert await count(connection) == 1


async def test_the_answer_is_the_task_as_it_is_by_then(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    task = (await post(client, body, key="a")).json()
    await client.post(f"/v1/tasks/{task['id']}/cancel")
    again = await post(client, body, key="a")

    assert (again.status_code, again.json()["id"], again.json()["state"]) == (200, task["id"], "cancelled")


async def test_another_request_with_the_same_key_is_refused(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    await post(client, body, key="a")
    for other in ({**body, "priority": 1}, {**body, "kind": "prophecy"}, {"tasks": [body]}):
        answer = await post(client, other, key="a", path="/v1/tasks/batch" if "tasks" in other else "/v1/tasks")

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(connection) == 1


async def test_the_same_body_at_another_route_is_another_request(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    one = await asked(connection)
    many = {"tasks": [one]}
    await post(client, one, key="a")
    await post(client, many, key="b", path="/v1/tasks/batch")
    for body, key, path in ((one, "a", "/v1/tasks/batch"), (many, "b", "/v1/tasks")):
        answer = await post(client, body, key=key, path=path)

        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


async def test_keys_differ_from_each_other(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    ids = {(await post(client, body, key=key)).json()["id"] for key in ("a", "A", "a-", '"b"', "b")}

    assert len(ids) == 4  # in quotes and without them is the same key


async def test_what_cannot_be_a_key_is_refused(at_the_door: httpx2.AsyncClient) -> None:
    for key in ("", '""', "a b", 'b"', "x" * 256, "é", "a\\b"):
        answer = await at_the_door.post("/v1/tasks", json={}, headers={b"idempotency-key": key.encode()})

        assert (answer.status_code, answer.json()["code"]) == (422, "header_invalid")


async def test_a_batch_comes_again_as_it_was(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    batch = {"tasks": [{**body, "priority": number} for number in range(3)]}
    first = await post(client, batch, key="a", path="/v1/tasks/batch")
    again = await post(client, batch, key="a", path="/v1/tasks/batch")

    assert again.json() == first.json()
    assert await count(connection) == 3


async def test_a_form_with_the_same_file_is_the_same_request(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    ids = {
        (
            await client.post(
                "/v1/tasks",
                files={"data": ("a.csv", b"a\n1\n")},
                data={"kind": "profile"},
                headers={"idempotency-key": "a"},
            )
        ).json()["id"]
        for _ in range(2)
    }

    assert (len(ids), await count(connection)) == (1, 1)


async def test_many_at_once_make_one_task(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await post(client, body, key="a"))

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(ask)

    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted("idempotent-replayed" in answer.headers for answer in answers) == [False] + [True] * 11
    assert await count(connection) == 1


@pytest.mark.parametrize("has_key", [True, False])
async def test_who_comes_second_is_answered_although_the_first_took_the_last_room(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database, *, has_key: bool
) -> None:
    """By a key or an id of its own. The second found nothing and waits for the kinds; then the first is recorded."""
    body = await asked(connection)
    theirs = new_task_id()
    await connection.execute("INSERT INTO tenant (name, most_queued) VALUES ('default', 1)")
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        if has_key:
            answers.append(await post(client, body, key="a"))
        else:
            answers.append(await client.put(f"/v1/tasks/{theirs}", json=body))

    async with connected(database.dsn) as first, anyio.create_task_group() as group, first.transaction():
        await first.execute("LOCK TABLE kind")
        group.start_soon(ask)
        await eventually(lambda: connection.fetchval(WAITS_FOR_A_LOCK))
        await queued_task(connection, id=theirs)
        await connection.execute("UPDATE task SET request_digest = $1", request_digest(body))
        await connection.execute(CLAIM, "a", named_digest(body, route=ONE), theirs)

    assert (answers[0].status_code, answers[0].json()["id"]) == (202, str(theirs))
    assert answers[0].headers["idempotent-replayed"] == "true"
    assert await count(connection) == 1


@pytest.mark.parametrize("commits", [True, False])
async def test_who_comes_second_waits_for_the_first(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database, *, commits: bool
) -> None:
    """The first holds the key in an open transaction; whether it commits decides whose task it is."""
    body = await asked(connection)
    theirs = await queued_task(connection)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await post(client, body, key="a"))

    async with connected(database.dsn) as first, anyio.create_task_group() as group:
        transaction = first.transaction()
        await transaction.start()
        await first.execute(CLAIM, "a", named_digest(body, route=ONE), theirs)
        group.start_soon(ask)
        await eventually(lambda: connection.fetchval(WAITS_FOR_A_LOCK))
        await (transaction.commit() if commits else transaction.rollback())

    assert (UUID(answers[0].json()["id"]) == theirs) is commits
    assert await count(connection) == (1 if commits else 2)


async def test_a_refused_request_leaves_its_key_free(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    for wrong in ({**body, "kind": "prophecy"}, {**body, "inputs": {"data": str(uuid4())}}):
        assert (await post(client, wrong, key="a")).status_code == 422

    assert (await post(client, body, key="a")).status_code == 202


async def test_what_was_accepted_once_is_not_refused_the_second_time(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    first = await post(client, body, key="a")
    await connection.execute("DELETE FROM kind")
    await connection.execute("UPDATE task_input SET dataset = NULL")
    await connection.execute("DELETE FROM dataset")
    again = await post(client, body, key="a")

    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])


async def test_a_key_is_free_again_when_it_has_expired(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    first = await post(client, body, key="a")
    kept = await connection.fetchval("SELECT expires_at - now() FROM idempotency_key")
    await connection.execute("UPDATE idempotency_key SET expires_at = now()")
    later = await post(client, {**body, "priority": 1}, key="a")

    assert timedelta(hours=23) < kept < timedelta(hours=25)
    assert later.status_code == 202
    assert later.json()["id"] != first.json()["id"]
    assert await connection.fetchval("SELECT expires_at > now() FROM idempotency_key")


async def test_tenants_have_keys_of_their_own(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    await connection.execute(CLAIM.replace("'default'", "'other'"), "a", named_digest(body, route=ONE), uuid4())
    answer = await post(client, body, key="a")

    assert answer.status_code == 202
    assert "idempotent-replayed" not in answer.headers


async def test_a_key_whose_task_is_gone_says_so(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    await connection.execute(CLAIM, "a", named_digest(body, route=ONE), uuid4())
    answer = await post(client, body, key="a")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
