"""Requests that came before are looked for together, whoever sent them; each finds its own."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar
from uuid import UUID

import anyio
import asyncpg
import pytest

from common.database import Pool
from common.ids import uuid7
from common.notifier import Notifier
from gateway.errors import IdempotencyKeyReusedError
from gateway.idempotency import ChosenIds, NamedRequest, NamedRequests
from gateway.recorder import Recorder
from helpers.factories import a_dataset
from helpers.orders import an_order

pytestmark = pytest.mark.every_postgres

ROUNDS = 20
Found = TypeVar("Found")


async def at_once(asks: Sequence[Callable[[], Awaitable[Found]]]) -> list[Found | type[Exception]]:
    """What each finds, or what it raises; the first goes alone, all others share the next statement."""
    found: list[Found | type[Exception]] = [Exception] * len(asks)

    async def ask(number: int) -> None:
        try:
            found[number] = await asks[number]()
        except IdempotencyKeyReusedError as error:
            found[number] = type(error)

    async with anyio.create_task_group() as group:
        for number in range(len(asks)):
            group.start_soon(ask, number)
    return found


async def test_a_key_is_found_by_its_tenant_alone_and_for_its_own_request(
    pool: Pool, notifier: Notifier, connection: asyncpg.Connection
) -> None:
    order = an_order(await a_dataset(connection), key="nightly")
    await Recorder(pool=pool, notifier=notifier).record(order)
    named = NamedRequests(pool=pool)
    mine, other = NamedRequest(key="nightly", digest=b"nightly"), NamedRequest(key="nightly", digest=b"another")

    found = await at_once([
        lambda: named.find(mine, tenant="other"),
        lambda: named.find(mine, tenant="default"),
        lambda: named.find(other, tenant="default"),
        lambda: named.find(other, tenant="other"),
        lambda: named.find(NamedRequest(key="weekly", digest=b"nightly"), tenant="default"),
    ] * ROUNDS)  # fmt: skip

    assert found == [None, list(order.ids), IdempotencyKeyReusedError, None, None] * ROUNDS


async def test_an_id_is_found_by_its_tenant_alone_and_told_from_that_of_another_request(
    pool: Pool, notifier: Notifier, connection: asyncpg.Connection
) -> None:
    recorder, dataset, identity = Recorder(pool=pool, notifier=notifier), await a_dataset(connection), uuid7()
    plain = an_order(dataset)
    for order in (an_order(dataset, identity=identity), plain):
        await recorder.record(order)
    chosen, digest = ChosenIds(pool=pool), identity.bytes * 2

    def ask(task: UUID, digest: bytes, tenant: str) -> Callable[[], Awaitable[bool | None]]:
        return lambda: chosen.is_same(task, digest=digest, tenant=tenant)

    found = await at_once([
        ask(identity, digest, "other"),
        ask(identity, digest, "default"),
        ask(identity, b"another", "default"),
        ask(plain.ids[0], digest, "default"),
        ask(uuid7(), digest, "default"),
    ] * ROUNDS)  # fmt: skip

    assert found == [None, True, False, False, None] * ROUNDS
