"""A task with an id that the client chose."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4, uuid5

import anyio
import asyncpg
import httpx2
import pytest

from common.ids import uuid7
from helpers.asking import asked, story
from helpers.factories import queued_task

pytestmark = pytest.mark.usefixtures("offered")


def id_of(moment: datetime) -> UUID:
    return uuid7(unix_ms=int(moment.timestamp() * 1_000))


async def test_a_task_gets_the_id_of_the_path(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    identity = uuid7()
    answer = await client.put(f"/v1/tasks/{identity}", json=await asked(connection, tags=["mine"]))

    assert (answer.status_code, answer.json()["id"]) == (202, str(identity))
    assert answer.headers["location"] == f"/v1/tasks/{identity}"
    assert (await client.get(f"/v1/tasks/{identity}")).json() == answer.json()
    assert await story(connection, identity) == [(1, "queued")]


async def test_the_same_request_again_finds_the_same_task(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    path, body = f"/v1/tasks/{uuid7()}", await asked(connection)
    first = await client.put(path, json=body)
    again = await client.put(path, json=body)
    await client.post(f"{path}/cancel")
    ended = await client.put(path, json=body)

    assert again.json() == first.json()
    assert (again.status_code, again.headers["idempotent-replayed"]) == (202, "true")
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert await connection.fetchval("SELECT count(*) FROM task") == 1


async def test_another_request_for_the_same_id_is_refused(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    path, body = f"/v1/tasks/{uuid7()}", await asked(connection)
    await client.put(path, json=body)
    answer = await client.put(path, json={**body, "priority": 1})

    assert (answer.status_code, answer.json()["code"]) == (409, "task_differs")
    assert (await client.get(path)).json()["priority"] == 0


async def test_a_task_of_somebody_else_is_never_shown(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    path = f"/v1/tasks/{await queued_task(connection, tenant='other')}"
    posted = (await client.post("/v1/tasks", json=body)).json()["urls"]["self"]
    for taken in (path, posted):
        answer = await client.put(taken, json=body)

        assert (answer.status_code, answer.json()["code"]) == (409, "task_differs")
        assert "tenant" not in answer.json()


async def test_many_at_once_make_one_task(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    path, body = f"/v1/tasks/{uuid7()}", await asked(connection)
    answers: list[httpx2.Response] = []

    async def ask() -> None:
        answers.append(await client.put(path, json=body))

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(ask)

    assert {answer.status_code for answer in answers} == {202}
    assert sorted("idempotent-replayed" in answer.headers for answer in answers) == [False] + [True] * 11
    assert await connection.fetchval("SELECT count(*) FROM task_input") == 1


async def test_only_ids_that_sort_by_time_are_taken(at_the_door: httpx2.AsyncClient) -> None:
    for identity in (uuid4(), uuid5(UUID(int=1), "a"), UUID(int=0), "x", "a%00"):
        answer = await at_the_door.put(f"/v1/tasks/{identity}", json={})

        assert (answer.status_code, answer.json()["code"]) == (422, "id_invalid")


async def test_a_path_that_means_something_else_is_no_id(at_the_door: httpx2.AsyncClient) -> None:
    answer = await at_the_door.put("/v1/tasks/batch", json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, "OPTIONS, POST")


async def test_a_new_id_is_of_these_days_but_an_old_one_is_still_found(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    now = datetime.now(UTC)
    for moment, status in ((now - timedelta(hours=23), 202), (now + timedelta(hours=23), 202),
                           (now - timedelta(hours=25), 422), (now + timedelta(hours=25), 422)):  # fmt: skip
        answer = await client.put(f"/v1/tasks/{id_of(moment)}", json=body)

        assert answer.status_code == status
    old = id_of(now - timedelta(days=9))
    await _move_to(connection, old)
    assert (await client.put(f"/v1/tasks/{old}", json=body)).json()["id"] == str(old)


async def _move_to(connection: asyncpg.Connection, identity: UUID) -> None:
    """Give one of the tasks an older id, as if time had passed."""
    await connection.execute(
        "INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, request_digest)"
        " SELECT $1, tenant, kind, 1, 100, 1, request_digest FROM task LIMIT 1",
        identity,
    )


async def test_an_id_of_ones_own_and_reuse_exclude_each_other(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    answer = await client.put(f"/v1/tasks/{uuid7()}", json=await asked(connection, reuse=True))

    assert (answer.status_code, answer.json()["pointer"]) == (422, "/reuse")


async def test_a_file_may_come_with_it(client: httpx2.AsyncClient) -> None:
    path = f"/v1/tasks/{uuid7()}"
    answers = [await client.put(path, files={"data": ("a.csv", b"a\n1\n")}, data={"kind": "profile"}) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
