"""Removing datasets, unless a task needs them."""

from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from helpers.asking import asked
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import a_dataset, finished_task, running_task
from helpers.storage import Stored

pytestmark = pytest.mark.usefixtures("offered")
WAITS_FOR_A_LOCK = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


async def test_a_dataset_that_nobody_needs_goes(client: httpx2.AsyncClient, stored: Stored) -> None:
    dataset = (await client.put("/v1/datasets/a.csv", content=b"a\n1\n")).json()
    answer = await client.delete(dataset["urls"]["self"])

    assert (answer.status_code, answer.content) == (204, b"")
    assert (await client.get(dataset["urls"]["self"])).status_code == 404
    assert (await client.delete(dataset["urls"]["self"])).status_code == 404
    assert (await client.put("/v1/datasets/a.csv", content=b"a\n1\n")).status_code == 201


async def test_one_that_a_task_needs_stays(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    task = (await client.post("/v1/tasks", json=body)).json()
    refused = await client.delete(f"/v1/datasets/{body['inputs']['data']}")
    await client.post(task["urls"]["cancel"])
    removed = await client.delete(f"/v1/datasets/{body['inputs']['data']}")

    assert (refused.status_code, refused.json()["code"]) == (409, "dataset_needed")
    assert removed.status_code == 204
    shown = (await client.get(task["urls"]["self"])).json()["inputs"]["data"]
    assert shown["name"] == "flights.csv"


async def test_a_running_task_needs_its_dataset(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = await running_task(connection)
    dataset = await connection.fetchval("SELECT dataset FROM task_input WHERE task = $1", task.id)

    assert (await client.delete(f"/v1/datasets/{dataset}")).status_code == 409


async def test_a_finished_one_does_not(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task: UUID = await finished_task(connection)
    dataset = await connection.fetchval("SELECT dataset FROM task_input WHERE task = $1", task)

    assert (await client.delete(f"/v1/datasets/{dataset}")).status_code == 204


async def test_another_tenants_is_none(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    dataset = await a_dataset(connection)
    await connection.execute("UPDATE dataset SET tenant = 'another'")

    assert (await client.delete(f"/v1/datasets/{dataset}")).status_code == 404
    assert (await client.delete(f"/v1/datasets/{uuid4()}")).status_code == 404
    assert (await client.delete("/v1/datasets/x")).status_code == 404
    assert await connection.fetchval("SELECT count(*) FROM dataset") == 1


async def test_a_task_that_begins_to_need_it_meanwhile_keeps_it(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    """The task is recorded, and not yet committed, when somebody removes its dataset."""
    body = await asked(connection)
    statuses: list[int] = []

    async def remove() -> None:
        statuses.append((await client.delete(f"/v1/datasets/{body['inputs']['data']}")).status_code)

    async with connected(database.dsn) as other, anyio.create_task_group() as group:

        async def somebody_waits() -> bool:
            return bool(await connection.fetchval(WAITS_FOR_A_LOCK))

        async with other.transaction():
            await other.execute(
                "INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts)"
                " VALUES ($1, 'default', 'profile', 1, 64, 1)",
                (task := uuid4()),
            )
            await other.execute(
                "INSERT INTO task_input (task, name, dataset, filename, sha256, bytes)"
                " VALUES ($1, 'data', $2, '', '', 1)",
                task,
                UUID(body["inputs"]["data"]),
            )
            group.start_soon(remove)
            await eventually(somebody_waits)

    assert statuses == [409]
