"""Tasks that are asked for at once share a statement and a commit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.database import Pool
from common.ids import uuid7
from common.notifier import Notifier
from gateway.idempotency import NamedRequest, NamedRequests
from gateway.order import Order, Outcome
from gateway.recorder import Recorder
from helpers.asking import asked
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import a_dataset
from helpers.orders import an_order

pytestmark = pytest.mark.usefixtures("offered")

# Every transaction that wrote a task; xmin is the one that made the row.
COMMITS = "SELECT count(DISTINCT xmin::text) FROM task"
MADE = "SELECT count(*) FROM task"
SOMEBODY_WAITS = (
    "SELECT count(*) > 0 FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request for a task, with a key, with an id of its own, or plain."""

    body: Mapping[str, Any]
    key: str | None = None
    identity: UUID | None = None

    async def send(self, client: httpx2.AsyncClient) -> httpx2.Response:
        if self.identity is not None:
            return await client.put(f"/v1/tasks/{self.identity}", json=self.body)
        return await client.post(
            "/v1/tasks", json=self.body, headers={} if self.key is None else {"idempotency-key": self.key}
        )


async def post_while_the_first_is_held_up(
    client: httpx2.AsyncClient, database: Database, bodies: Sequence[Mapping[str, Any]]
) -> list[httpx2.Response]:
    return await send_while_the_first_is_held_up(client, database, [Ask(body=body) for body in bodies])


async def send_while_the_first_is_held_up(
    client: httpx2.AsyncClient, database: Database, asks: Sequence[Ask]
) -> list[httpx2.Response]:
    """All at once; those after the first come while the table keeps the first from being written."""
    answers: list[httpx2.Response] = [httpx2.Response(0)] * len(asks)

    async def send(number: int) -> None:
        answers[number] = await asks[number].send(client)

    async with anyio.create_task_group() as group, connected(database.dsn) as other:

        async def first_waits() -> bool:
            return bool(await other.fetchval(SOMEBODY_WAITS))

        async with other.transaction():
            await other.execute("LOCK TABLE event IN EXCLUSIVE MODE")
            group.start_soon(send, 0)
            await eventually(first_waits)
            for number in range(1, len(asks)):
                group.start_soon(send, number)
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


async def test_requests_with_keys_share_their_look_up(
    pool: Pool, notifier: Notifier, connection: asyncpg.Connection, database: Database
) -> None:
    recorder, named = Recorder(pool=pool, notifier=notifier), NamedRequests(pool=pool)
    dataset = await a_dataset(connection)
    known = [an_order(dataset, key=f"key-{number}") for number in range(30)]
    for order in known:
        await recorder.record(order)
    asked = [order.named for order in known if order.named] + [
        NamedRequest(key=f"new-{number}", digest=b"") for number in range(30)
    ]
    found: dict[str, Sequence[UUID] | None] = {}

    async def find(request: NamedRequest) -> None:
        found[request.key] = await named.find(request, tenant="default")

    async with anyio.create_task_group() as group, connected(database.dsn) as other:

        async def one_waits() -> bool:
            return bool(await other.fetchval(SOMEBODY_WAITS))

        async with connected(database.dsn) as holder, holder.transaction():
            await holder.execute("LOCK TABLE idempotency_key IN ACCESS EXCLUSIVE MODE")
            for request in asked:
                group.start_soon(find, request)
            await eventually(one_waits)
            await anyio.wait_all_tasks_blocked()
            # The first alone, though there are more connections; all others with the next.
            assert await other.fetchval(WAITING) == 1

    assert [found[f"key-{number}"] for number in range(30)] == [list(order.ids) for order in known]
    assert {found[f"new-{number}"] for number in range(30)} == {None}


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


async def test_requests_with_keys_and_ids_of_their_own_share_commits(
    pool: Pool, notifier: Notifier, connection: asyncpg.Connection, database: Database
) -> None:
    recorder = Recorder(pool=pool, notifier=notifier)
    dataset = await a_dataset(connection)
    orders = [an_order(dataset, key=f"key-{number}") for number in range(30)]
    orders += [an_order(dataset, identity=uuid7()) for _ in range(30)]
    outcomes: list[Outcome | None] = []

    async def record(order: Order) -> None:
        outcomes.append(await recorder.record(order))

    async with anyio.create_task_group() as group, connected(database.dsn) as other, other.transaction():
        await other.execute("LOCK TABLE event IN EXCLUSIVE MODE")
        for order in orders:
            group.start_soon(record, order)
        await anyio.wait_all_tasks_blocked()

    assert None not in outcomes
    assert len(outcomes) == await connection.fetchval(MADE) == 60
    assert await connection.fetchval("SELECT count(*) FROM idempotency_key") == 30
    assert await connection.fetchval(COMMITS) == 2


@pytest.mark.every_postgres
async def test_a_bad_one_among_requests_with_keys_fails_alone_and_leaves_its_key_free(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    await connection.execute("ALTER TABLE task ADD CONSTRAINT not_thirteen CHECK (priority <> 13)")
    good = await asked(connection)
    other, lost, poison = {**good, "priority": 1}, {**good, "inputs": {"data": str(uuid4())}}, {**good, "priority": 13}
    mine, twice = uuid7(), uuid7()
    asks = [
        *(Ask(body=good, key=f"key-{number}") for number in range(5)),
        *(Ask(body=lost, key="lost"), Ask(body=poison, key="poison"), Ask(body=lost, identity=uuid7())),
        *(Ask(body=good, key="same"), Ask(body=good, key="same")),
        *(Ask(body=good, identity=mine), Ask(body=good, identity=mine)),
        *(Ask(body=good, key="another"), Ask(body=other, key="another")),
        *(Ask(body=good, identity=twice), Ask(body=other, identity=twice)),
    ]
    answers = await send_while_the_first_is_held_up(client, database, asks)
    told = [answer.json().get("code", answer.status_code) for answer in answers]

    assert told[:8] == [*[202] * 5, "dataset_unknown", "internal", "dataset_unknown"]
    assert told[8:12] == [202] * 4
    assert answers[8].json() == answers[9].json()
    assert answers[10].json() == answers[11].json()
    assert set(told[12:14]) == {202, "idempotency_key_reused"}  # whoever came first
    assert set(told[14:]) == {202, "task_differs"}
    assert await connection.fetchval(MADE) == 9
    assert await connection.fetchval("SELECT count(*) FROM task_input") == 9
    assert await connection.fetchval("SELECT count(*) FROM event") == 9
    assert await connection.fetchval("SELECT count(*) FROM idempotency_key") == 7  # neither lost nor poison


async def test_plain_tasks_do_not_wait_for_a_key(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, database: Database
) -> None:
    """Who has a key may have to wait for another gateway's transaction; nobody without one waits with them."""
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
