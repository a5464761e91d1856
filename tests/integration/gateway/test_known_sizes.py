"""How large results and params are is known without reading them, but for those of a release that did not count."""

from uuid import UUID

import asyncpg
import httpx2
import pytest

from gateway.large_answer import SMALL_BYTES
from gateway.tasks import MOST_PARAMS_BYTES
from helpers.asking import asked
from helpers.factories import finished_task, queued_task

COUNTED = "SELECT params_bytes = octet_length(params::text) FROM task WHERE id = $1"


async def test_what_is_not_wanted_of_a_result_is_not_read(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await finished_task(connection)
    url = f"/v1/tasks/{task}/result"
    etag = (await client.get(url)).headers["etag"]
    await connection.execute("UPDATE result SET bytes = 12345")  # what nobody finds who counts

    head = await client.head(url)
    known = await client.get(url, headers={"if-none-match": etag})
    known_head = await client.head(url, headers={"if-none-match": etag})

    assert (head.status_code, head.headers["content-length"], head.headers["etag"]) == (200, "12345", etag)
    assert (known.status_code, known_head.status_code) == (304, 304)


@pytest.mark.parametrize("size", [1, SMALL_BYTES])
async def test_who_has_another_version_of_a_result_gets_the_present_one(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, size: int
) -> None:
    envelope = {"data": "é" * size}
    url = f"/v1/tasks/{await finished_task(connection, envelope=envelope)}/result"
    answer = await client.get(url, headers={"if-none-match": '"another"'})

    assert (answer.status_code, answer.json()) == (200, envelope)


@pytest.mark.parametrize("size", [1, SMALL_BYTES])
async def test_a_result_that_was_not_counted_is_counted(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, size: int
) -> None:
    envelope = {"data": "é" * size}
    url = f"/v1/tasks/{await finished_task(connection, envelope=envelope)}/result"
    await connection.execute("UPDATE result SET bytes = NULL")

    head, whole = await client.head(url), await client.get(url)

    assert whole.json() == envelope
    assert int(head.headers["content-length"]) == len(whole.content)


@pytest.mark.usefixtures("offered")
async def test_params_are_counted_when_they_are_written(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    made = await client.post("/v1/tasks", json=await asked(connection, params={"top_k": 5}))
    failed = await finished_task(connection, state="failed")
    await connection.execute("UPDATE task SET params_bytes = 0 WHERE id = $1", failed)
    await client.post(f"/v1/tasks/{failed}/retry", json={"params": {"top_k": 17}})

    for task in (UUID(made.json()["id"]), failed):
        assert await connection.fetchval(COUNTED, task)


async def test_a_page_goes_by_what_was_counted(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    made = [str(await queued_task(connection)) for _ in range(4)]
    await connection.execute("UPDATE task SET params_bytes = $1", MOST_PARAMS_BYTES // 2)
    page = (await client.get("/v1/tasks")).json()

    assert [task["id"] for task in page["tasks"]] == sorted(made, reverse=True)[:3]
    assert page["next"] is not None


async def test_params_that_were_not_counted_are_counted(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    for _ in range(4):
        await queued_task(connection, params={"text": "x" * (MOST_PARAMS_BYTES // 2)})
    await connection.execute("UPDATE task SET params_bytes = NULL")
    page = await client.get("/v1/tasks")

    assert len(page.json()["tasks"]) == 2
    assert page.json()["next"] is not None
