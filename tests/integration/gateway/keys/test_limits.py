"""How much a caller may send and have: each limit with its status, shared by gateways where it is of a key."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr

from common.database import Pool, open_pool
from common.settings import DatabaseSettings
from common.words import KeyRole
from gateway.limit_errors import QueueFullError, StorageFullError, TooManyRequestsError
from gateway.rates import Rates
from gateway.room import QueueRoom
from gateway.storage_quota import StorageQuota
from helpers.database import Database
from helpers.factories import a_dataset, a_kind, a_processor, queued_task
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.keys import a_key, bearer
from helpers.raw_http import connected_to
from sundog.keys import Keys, TenantChange


class Time:
    """Passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def wall(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.now)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with open_pool(DatabaseSettings(dsn=SecretStr(database.gateway_dsn), pool_size=4), service="gateway") as pool:
        yield pool


async def admitted(rates: Rates, key: str, *, of: int, per_s: int) -> int:
    count = 0
    for _ in range(of):
        try:
            await rates.take(key, per_s=per_s)
        except TooManyRequestsError:
            continue
        else:
            count += 1
    return count


async def test_what_a_role_forbids_counts_as_a_request_too(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    key = await a_key(connection, role=KeyRole.READ, requests_per_s=1)
    async with gateways.start(own={"open": False}) as gateway, httpx2.AsyncClient(base_url=gateway.url) as client:
        answers = [await client.post("/v1/tasks/cancel?state=queued", headers=bearer(key)) for _ in range(20)]

    assert {answer.status_code for answer in answers} == {403, 429}
    assert answers[0].status_code == 403


async def test_a_login_counts_as_a_request_of_its_key(gateways: GatewayFactory, connection: asyncpg.Connection) -> None:
    key = await a_key(connection, requests_per_s=1)
    async with gateways.start(own={"open": False}) as gateway, httpx2.AsyncClient(base_url=gateway.url) as client:
        answers = [await client.post("/v1/session", json={"key": key.text}) for _ in range(20)]
    statuses = [answer.status_code for answer in answers]

    assert set(statuses) == {200, 429}
    assert await connection.fetchval("SELECT count(*) FROM session") == statuses.count(200)


@pytest.mark.every_postgres
async def test_gateways_share_what_a_key_may_send(pool: Pool, connection: asyncpg.Connection) -> None:
    key = (await a_key(connection)).id
    time = Time()
    gateways = [Rates(pool=pool, default=None, clock=time, wall=time.wall) for _ in range(3)]

    burst = sum([await admitted(rates, key, of=40, per_s=20) for rates in gateways])
    time.now += 0.5
    half = sum([await admitted(rates, key, of=40, per_s=20) for rates in gateways])
    time.now += 1_000
    again = await admitted(gateways[0], key, of=100, per_s=20)

    assert (burst, half, again) == (40, 10, 40)


async def test_what_is_admitted_and_what_is_refused_costs_few_statements(
    pool: Pool, connection: asyncpg.Connection
) -> None:
    key = (await a_key(connection)).id
    time = Time()
    rates = Rates(pool=pool, default=100, clock=time, wall=time.wall)

    assert await admitted(rates, key, of=1_000, per_s=100) == 200
    assert rates.statements == 9  # 8 leases of 25, and one of nothing


async def test_a_key_that_sends_too_much_is_told_when_to_come_back(
    guarded: RunningGateway, client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    token = await a_key(connection, requests_per_s=1)
    answers = [await client.get("/v1/session", headers=bearer(token)) for _ in range(6)]
    refused = [answer for answer in answers if answer.status_code == 429]

    assert answers[0].status_code == 200
    assert refused
    assert refused[0].json()["code"] == "too_many_requests"
    assert int(refused[0].headers["retry-after"]) >= 1


async def test_a_tenant_has_room_for_so_many_waiting_tasks(pool: Pool, connection: asyncpg.Connection) -> None:
    await Keys(connection).limit(TenantChange(tenant="small", queued=4))
    time = Time()
    room = QueueRoom(pool=pool, default=1_000, clock=time)
    for _ in range(3):
        await room.take("small", 1)
        await queued_task(connection, tenant="small")
    with pytest.raises(QueueFullError, match="4 tasks"):
        await room.take("small", 2)
    counts = room.counts
    with pytest.raises(QueueFullError):
        await room.take("small", 2)
    assert room.counts == counts
    await connection.execute("UPDATE task SET state = 'cancelled', finished_at = now()")
    time.now += 2
    await room.take("small", 4)


async def test_far_from_its_limit_a_tenant_costs_one_count_for_many_tasks(pool: Pool) -> None:
    room = QueueRoom(pool=pool, default=8_000, clock=Time())
    for _ in range(1_000):
        await room.take("default", 1)

    assert room.counts == 1


async def test_a_full_queue_is_a_429_and_a_task_that_came_before_is_still_answered(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    await a_kind(connection)
    await a_processor(connection)
    asked = {"kind": "profile", "inputs": {"data": str(await a_dataset(connection))}}
    async with (
        gateways.start(own={"tenant_queued_most": 1}) as gateway,
        httpx2.AsyncClient(base_url=gateway.url) as client,
    ):
        taken = await client.post("/v1/tasks", json=asked, headers={"idempotency-key": "a"})
        full = await client.post("/v1/tasks", json=asked)
        again = await client.post("/v1/tasks", json=asked, headers={"idempotency-key": "a"})

    assert (taken.status_code, full.status_code, again.status_code) == (202, 429, 202)
    assert (full.json()["code"], full.headers["retry-after"]) == ("queue_full", "5")
    assert again.json()["id"] == taken.json()["id"]


async def test_a_tenant_has_room_for_so_many_bytes_and_datasets_whoever_else_has_the_same(
    pool: Pool, connection: asyncpg.Connection
) -> None:
    """Bytes that another tenant has already handed in are counted like any."""
    await Keys(connection).limit(TenantChange(tenant="small", stored_bytes=20, datasets=2))
    time = Time()
    quota = StorageQuota(pool=pool, most_datasets=10, most_bytes=1_000, clock=time)
    await a_dataset(connection, tenant="other", content=b"0123456789")
    left = [await quota.bytes_left("small")]
    await a_dataset(connection, tenant="small", content=b"0123456789")
    tally = quota.tally(connection, "small")
    await tally.add([10])
    quota.learn(tally)
    left.append(await quota.bytes_left("small"))
    time.now += 2
    left.append(await quota.bytes_left("small"))
    await a_dataset(connection, tenant="small", content=b"x", name="another.csv")
    time.now += 2

    assert left == [20, 10, 10]
    with pytest.raises(StorageFullError, match="2 datasets"):
        await quota.bytes_left("small")


async def test_an_upload_past_the_tenants_room_is_a_507(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    async with (
        gateways.start(own={"tenant_bytes_most": 10}) as gateway,
        httpx2.AsyncClient(base_url=gateway.url) as client,
    ):
        fits = await client.put("/v1/datasets/a.csv", content=b"12345678")
        full = await client.put("/v1/datasets/b.csv", content=b"1234")

    assert (fits.status_code, full.status_code, full.json()["code"]) == (201, 507, "storage_full")


async def test_headers_that_come_too_slowly_are_cut_with_a_word(gateways: GatewayFactory) -> None:
    async with gateways.start(own={"head_timeout_s": 0.2}) as gateway, connected_to(gateway.url) as connection:
        await connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        answer = await connection.answer()

        assert answer.status == 408
        assert b"request_too_slow" in await answer.body()
        assert await connection.is_closed_by_server()


async def test_a_body_that_does_not_come_is_given_up(gateways: GatewayFactory) -> None:
    async with gateways.start(own={"body_timeout_s": 0.2}) as gateway, connected_to(gateway.url) as connection:
        await connection.send(b"PUT /v1/datasets/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
        answer = await connection.answer()

        assert answer.status == 408
        assert answer.headers["connection"] == "close"


async def test_too_many_headers_are_refused(gateways: GatewayFactory) -> None:
    async with gateways.start(own={"head_fields_most": 20}) as gateway, connected_to(gateway.url) as connection:
        await connection.send(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + b"X-A: 1\r\n" * 30 + b"\r\n")
        answer = await connection.answer()

        assert answer.status == 431
