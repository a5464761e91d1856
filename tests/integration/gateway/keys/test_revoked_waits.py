"""Answers that wait for something, for a key that is revoked meanwhile: they end, and tell nothing new."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import httpx2
import pytest

from common.tokens import Token
from gateway.waiting import FeedWaiter
from helpers.eventually import eventually
from helpers.factories import a_dataset, a_kind, a_processor, queued_task
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.keys import a_key, bearer
from helpers.own_task import in_own_task
from helpers.raw_http import Connection, connected_to
from sundog.keys import Keys


@pytest.fixture
async def gateway(gateways: GatewayFactory, admin: Token) -> AsyncIterator[RunningGateway]:
    """One that would let a client wait for longer than a test lasts."""
    async with in_own_task(gateways.start(own={"open": False}, wait_s=600)) as gateway:
        yield gateway


@pytest.fixture
async def token(connection: asyncpg.Connection) -> Token:
    await a_kind(connection)
    await a_processor(connection)
    return await a_key(connection)


async def until_it_waits(gateway: RunningGateway) -> None:
    """It has looked once; what comes now it learns by being woken."""

    async def somebody_sleeps() -> bool:
        return [isinstance(each, FeedWaiter) and each.sleeps for each in gateway.parts.live.streams._waiters] == [True]

    await eventually(somebody_sleeps)


async def etag_of(raw: Connection, task: UUID, token: Token) -> str:
    answer = await raw.get(f"/v1/tasks/{task}", authorization=f"Bearer {token.text}")
    await answer.body()
    return answer.headers["etag"]


async def test_a_long_poll_ends_when_its_key_is_revoked(
    gateway: RunningGateway, token: Token, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection)
    async with connected_to(gateway.url) as raw:
        etag = await etag_of(raw, task, token)
        headers = {"if-none-match": etag, "prefer": "wait=600", **bearer(token)}
        await raw.request(f"/v1/tasks/{task}", headers=headers)
        await until_it_waits(gateway)
        await Keys(connection).revoke(token.id)
        answer = await raw.answer()
        after = await raw.get(f"/v1/tasks/{task}", authorization=f"Bearer {token.text}")

    assert (answer.status, after.status) == (304, 401)


async def test_what_happened_meanwhile_is_not_told_to_a_revoked_key(
    gateway: RunningGateway, token: Token, connection: asyncpg.Connection
) -> None:
    """The change and the revocation are there when it wakes up; no hint of the change has come."""
    task = await queued_task(connection)
    async with connected_to(gateway.url) as raw:
        etag = await etag_of(raw, task, token)
        headers = {"if-none-match": etag, "prefer": "wait=600", **bearer(token)}
        await raw.request(f"/v1/tasks/{task}", headers=headers)
        await until_it_waits(gateway)
        await connection.execute("UPDATE task SET version = version + 1, priority = 7 WHERE id = $1", task)
        await Keys(connection).revoke(token.id)
        answer = await raw.answer()

    assert answer.status == 304


async def test_who_waits_for_a_result_learns_the_id_and_no_more(
    gateway: RunningGateway, token: Token, connection: asyncpg.Connection
) -> None:
    body = {"kind": "profile", "inputs": {"data": str(await a_dataset(connection))}}
    async with connected_to(gateway.url) as raw:
        await raw.request("/v1/tasks", method="POST", headers={"prefer": "wait=600", **bearer(token)}, body=body)
        await until_it_waits(gateway)
        await Keys(connection).revoke(token.id)
        answer = await raw.answer()
        told = await answer.json()

    assert (answer.status, told["state"]) == (202, "queued")
    assert answer.headers["location"] == f"/v1/tasks/{told['id']}"


async def test_others_go_on_waiting(gateway: RunningGateway, token: Token, connection: asyncpg.Connection) -> None:
    task, other = await queued_task(connection), await a_key(connection)
    async with (
        httpx2.AsyncClient(base_url=gateway.url, headers=bearer(token), timeout=60) as client,
        connected_to(gateway.url) as raw,
    ):
        etag = await etag_of(raw, task, other)
        waiting = {"if-none-match": etag, "prefer": "wait=600"}
        async with asyncio.TaskGroup() as group:
            answer = group.create_task(client.get(f"/v1/tasks/{task}", headers=waiting))
            await until_it_waits(gateway)
            assert (await client.get("/v1/session", headers=bearer(other))).status_code == 200
            await Keys(connection).revoke(other.id)

            async def is_shut_out() -> bool:
                return (await client.get("/v1/session", headers=bearer(other))).status_code == 401

            await eventually(is_shut_out)
            await gateway.parts.live.keyring.run_once()
            assert not answer.done()
            await client.post(f"/v1/tasks/{task}/cancel")

    assert answer.result().json()["state"] == "cancelled"
