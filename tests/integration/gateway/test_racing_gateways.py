"""Two gateways that record the same keys and ids, in whatever order these come, never wait in a circle."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TypeAlias
from uuid import UUID

import anyio
import asyncpg
import pytest
from pydantic import SecretStr

from common.database import Pool, open_pool
from common.ids import uuid7
from common.notifier import Notifier
from common.settings import DatabaseSettings
from gateway.errors import IdempotencyKeyReusedError
from gateway.idempotency import NamedRequests
from gateway.order import Order
from gateway.recorder import Recorder
from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import a_dataset
from helpers.orders import an_order

pytestmark = pytest.mark.every_postgres

ROUNDS = 40
TOGETHER = 24
COMMITS = "SELECT count(DISTINCT xmin::text) FROM task"
DEADLOCKS = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '-- Records the tasks%'
"""
HOLD_KEY = (
    "INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at) VALUES ('default', $1, '', '{}', now())"
)
HOLD_ID = "INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts) VALUES ($1, 'other', 'x', 1, 1, 1)"

Answers: TypeAlias = "Counter[tuple[str | UUID, UUID]]"
Some: TypeAlias = Callable[[UUID], list[Order]]


class Gateway:
    """What records in one gateway."""

    def __init__(self, pool: Pool) -> None:
        self._named = NamedRequests(pool=pool)
        self._recorder = Recorder(pool=pool, notifier=Notifier(pool=pool))

    async def ask(self, order: Order, answers: Answers) -> None:
        """Record it, or find what was recorded before, as the intake does."""
        outcome = await self._recorder.record(order)
        if outcome is None and order.named is not None:
            found = await self._named.find(order.named, tenant=order.tenant)
            assert found is not None
            [task] = found
        else:
            [task] = order.ids
        answers[order.ids[0] if order.named is None else order.named.key, task] += 1

    async def ask_all(self, orders: Sequence[Order], answers: Answers) -> None:
        async with anyio.create_task_group() as group:
            for order in orders:
                group.start_soon(self.ask, order, answers)


@pytest.fixture
async def two(database: Database) -> AsyncIterator[tuple[Gateway, Gateway]]:
    settings = DatabaseSettings(dsn=SecretStr(database.gateway_dsn), pool_size=4)
    async with AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(open_pool(settings, service="gateway")) for _ in range(2)]
        yield Gateway(first), Gateway(second)


def with_keys(dataset: UUID) -> list[Order]:
    return [an_order(dataset, key=f"{uuid7()}") for _ in range(TOGETHER)]


def with_ids(dataset: UUID) -> list[Order]:
    return [an_order(dataset, identity=uuid7()) for _ in range(TOGETHER)]


def with_either(dataset: UUID) -> list[Order]:
    return [order for both in zip(with_ids(dataset), with_keys(dataset), strict=True) for order in both]


def again(order: Order) -> Order:
    """The same request, as it comes to another gateway."""
    [dataset] = order.tasks[0].inputs.values()
    return an_order(dataset, identity=order.ids[0]) if order.named is None else an_order(dataset, key=order.named.key)


@pytest.mark.parametrize("some", [with_keys, with_ids, with_either])
async def test_they_race_for_the_same_in_opposite_order(
    two: tuple[Gateway, Gateway], connection: asyncpg.Connection, some: Some
) -> None:
    dataset = await a_dataset(connection)
    answers: Answers = Counter()
    requests = 0
    for _ in range(ROUNDS):
        orders = some(dataset)
        async with anyio.create_task_group() as group:
            group.start_soon(two[0].ask_all, orders, answers)
            group.start_soon(two[1].ask_all, [again(order) for order in reversed(orders)], answers)
        requests += 2 * len(orders)

    tasks = requests // 2
    assert len({request for request, _ in answers}) == len(answers) == tasks  # a request has one answer
    assert set(answers.values()) == {2}
    assert {task for _, task in answers} == {row["id"] for row in await connection.fetch("SELECT id FROM task")}
    assert await connection.fetchval("SELECT count(*) FROM event") == tasks
    assert await connection.fetchval(COMMITS) < requests / 5
    assert await connection.fetchval(DEADLOCKS) == 0


async def test_of_two_requests_with_one_key_one_is_taken_and_the_other_refused(
    two: tuple[Gateway, Gateway], connection: asyncpg.Connection
) -> None:
    dataset = await a_dataset(connection)
    answers: Answers = Counter()
    refused: list[str] = []

    async def ask(gateway: Gateway, order: Order) -> None:
        try:
            await gateway.ask(order, answers)
        except IdempotencyKeyReusedError:
            assert order.named is not None
            refused.append(order.named.key)

    for _ in range(ROUNDS):
        order = an_order(dataset, key=f"{uuid7()}")
        assert order.named is not None
        other = replace(order, ids=[uuid7()], named=replace(order.named, digest=b"another request"))
        async with anyio.create_task_group() as group:
            group.start_soon(ask, two[0], order)
            group.start_soon(ask, two[1], other)

    assert sorted(refused) == sorted(str(key) for key, _ in answers)
    assert len(refused) == ROUNDS == await connection.fetchval("SELECT count(*) FROM task")


@pytest.mark.parametrize(("some", "hold"), [(with_keys, HOLD_KEY), (with_ids, HOLD_ID)])
async def test_they_wait_for_a_third_with_what_they_have_taken_meanwhile(
    two: tuple[Gateway, Gateway], connection: asyncpg.Connection, database: Database, some: Some, hold: str
) -> None:
    """In the order in which they came, each would have taken one half, and want the other's."""
    dataset = await a_dataset(connection)
    lead, orders = some(dataset)[:2], some(dataset)
    middle = orders[TOGETHER // 2]
    answers: Answers = Counter()

    async def both_wait() -> bool:
        return int(await connection.fetchval(WAITING)) == 2

    async with anyio.create_task_group() as group, connected(database.dsn) as third:
        transaction = third.transaction()
        await transaction.start()
        await third.execute(hold, middle.ids[0] if middle.named is None else middle.named.key)
        group.start_soon(two[0].ask_all, [lead[0], *orders], answers)
        group.start_soon(two[1].ask_all, [lead[1], *(again(order) for order in reversed(orders))], answers)
        await eventually(both_wait)
        await transaction.rollback()

    assert len({request for request, _ in answers}) == len(answers) == TOGETHER + 2
    assert await connection.fetchval("SELECT count(*) FROM task") == TOGETHER + 2
    assert await connection.fetchval(COMMITS) == 3  # one of both made all that they share
