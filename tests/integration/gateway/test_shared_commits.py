"""Tasks that are asked for at once share a statement and a commit."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.database import Pool
from common.ids import new_task_id
from common.notifier import Notifier
from gateway.admission import Accepted
from gateway.recorder import Order, Outcome, Recorder
from helpers.asking import asked
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import a_dataset

pytestmark = pytest.mark.usefixtures("offered")

# Every transaction that wrote a task; xmin is the one that made the row.
COMMITS = "SELECT count(DISTINCT xmin::text) FROM task"
MADE = "SELECT count(*) FROM task"
SOMEBODY_WAITS = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


def an_order(dataset: UUID) -> Order:
    task = Accepted(
        kind="profile",
        kind_version="1",
        inputs={"data": dataset},
        params="{}",
        priority=0,
        run_at=None,
        timeout_s=60,
        memory_mb=512,
        max_attempts=3,
        tags=(),
        reuse=False,
    )
    return Order(tenant="default", tasks=[task], ids=[new_task_id()], places=[""])


async def post_while_the_first_is_held_up(
    client: httpx2.AsyncClient, database: Database, bodies: Sequence[Mapping[str, Any]]
) -> list[httpx2.Response]:
    """All bodies at once; those after the first come while the table keeps the first from being written."""
    answers: list[httpx2.Response] = [httpx2.Response(0)] * len(bodies)

    async def post(number: int) -> None:
        answers[number] = await client.post("/v1/tasks", json=bodies[number])

    async with anyio.create_task_group() as group, connected(database.dsn) as other:

        async def first_waits() -> bool:
            return bool(await other.fetchval(SOMEBODY_WAITS))

        async with other.transaction():
            await other.execute("LOCK TABLE event IN EXCLUSIVE MODE")
            group.start_soon(post, 0)
            await eventually(first_waits)
            for number in range(1, len(bodies)):
                group.start_soon(post, number)
            await anyio.wait_all_tasks_blocked()
    return answers


@pytest.mark.every_postgres
async def test_many_submits_share_a_commit(
    pool: Pool, notifier: Notifier, connection: asyncpg.Connection, database: Database
) -> None:
    recorder = Recorder(pool=pool, notifier=notifier)
    dataset = await a_dataset(connection)
    outcomes: list[Outcome | None] = []

    async def record() -> None:
        outcomes.append(await recorder.record(an_order(dataset)))

    async with anyio.create_task_group() as group, connected(database.dsn) as other, other.transaction():
        await other.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        for _ in range(60):
            group.start_soon(record)
        await anyio.wait_all_tasks_blocked()

    assert len(outcomes) == await connection.fetchval(MADE) == 60
    assert await connection.fetchval(COMMITS) == 2


async def test_submits_over_http_share_commits(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    body = await asked(connection)
    bodies = [{**body, "tags": [f"number-{number}"]} for number in range(60)]
    answers = await post_while_the_first_is_held_up(client, database, bodies)

    assert {answer.status_code for answer in answers} == {202}
    assert [answer.json()["tags"] for answer in answers] == [[f"number-{number}"] for number in range(60)]
    assert await connection.fetchval(MADE) == 60
    # The first alone; the others as they have read the catalogue, for which four connections take turns.
    assert await connection.fetchval(COMMITS) < 20


@pytest.mark.every_postgres
async def test_one_bad_task_fails_alone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    good = await asked(connection)
    lost = {"kind": "profile", "inputs": {"data": str(uuid4())}}
    answers = await post_while_the_first_is_held_up(client, database, [good, good, lost, good, lost, good])

    assert [answer.status_code for answer in answers] == [202, 202, 422, 202, 422, 202]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 422} == {"dataset_unknown"}
    assert await connection.fetchval(MADE) == 4
    assert await connection.fetchval("SELECT count(*) FROM task_input") == 4
    assert await connection.fetchval("SELECT count(*) FROM event") == 4


async def test_what_only_postgres_refuses_fails_alone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    await connection.execute("ALTER TABLE task ADD CONSTRAINT not_thirteen CHECK (priority <> 13)")
    good = await asked(connection)
    answers = await post_while_the_first_is_held_up(client, database, [good, good, {**good, "priority": 13}, good])

    assert [answer.status_code for answer in answers] == [202, 202, 500, 202]
    assert await connection.fetchval(MADE) == 3


async def test_a_request_with_a_key_goes_alone(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    """It may have to wait for another gateway's transaction; nobody else waits with it."""
    body = await asked(connection)
    async with connected(database.dsn) as other, anyio.create_task_group() as group, other.transaction():
        await other.execute(
            "INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at)"
            " VALUES ('default', 'k', '', '{}', now() + interval '1 h')"
        )

        async def with_key() -> None:
            await client.post("/v1/tasks", json=body, headers={"idempotency-key": "k"})

        async def it_waits() -> bool:
            return bool(await connection.fetchval(SOMEBODY_WAITS))

        group.start_soon(with_key)
        await eventually(it_waits)

        assert (await client.post("/v1/tasks", json=body)).status_code == 202
