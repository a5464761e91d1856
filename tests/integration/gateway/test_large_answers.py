"""Answers of more than 256 KiB: whole, in bounded memory, and not for those who do not take them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from uuid import UUID

import anyio
import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.ids import uuid7
from gateway.answer_room import AnswerRoom
from gateway.large_answer import SMALL_BYTES, LargeAnswers
from gateway.limit_errors import AnswersFullError
from gateway.server import build_server, listening_socket
from gateway.settings import GatewaySettings
from gateway.task_list import ADDED_BYTES
from helpers.asking import asked
from helpers.eventually import eventually
from helpers.factories import a_kind, a_processor, finished_task, queued_task
from helpers.gateways import GatewayFactory
from helpers.keys import a_key, bearer
from helpers.raw_http import CutError, connected_to

BYTES: Final = 16 << 20
ROOM: Final = 1 << 20  # of the gateway below
LARGE: Final = {"text": "x" * SMALL_BYTES}


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(answers_mb=ROOM >> 20, kinds_cache_s=0)


@pytest.fixture
def room(app: Starlette) -> AnswerRoom:
    """That of the gateway."""
    (found,) = [room for each in app.user_middleware if isinstance(room := each.kwargs.get("room"), AnswerRoom)]
    return found


@pytest.fixture
async def any_params(connection: asyncpg.Connection) -> None:
    """A kind that takes any params is on offer."""
    await a_kind(connection, params_schema={"type": "object"})
    await a_processor(connection)


@asynccontextmanager
async def taken_by_others(room: AnswerRoom, *, tenant: str = "default") -> AsyncIterator[None]:
    """Others are still taking answers of all the room that the tenant may have."""
    place = room.place(tenant)
    await place.take(ROOM, is_made=True)
    try:
        yield
    finally:
        place.leave()


@pytest.mark.parametrize("letter", ["x", "é", "日"])
async def test_a_large_result_comes_whole(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, letter: str
) -> None:
    envelope = {"data": letter * SMALL_BYTES}
    url = f"/v1/tasks/{await finished_task(connection, envelope=envelope)}/result"

    whole, head = await client.get(url), await client.head(url)
    known = await client.get(url, headers={"if-none-match": whole.headers["etag"]})

    assert whole.json() == envelope
    assert int(head.headers["content-length"]) == int(whole.headers["content-length"]) == len(whole.content)
    assert (head.content, known.status_code) == (b"", 304)


@dataclass(frozen=True)
class Asking:
    """Requests with large answers, of one who may ask the gateway again and again."""

    client: httpx2.AsyncClient
    task: UUID
    body: dict[str, Any]

    async def result(self) -> httpx2.Response:
        return await self.client.get(f"/v1/tasks/{self.task}/result")

    async def one(self) -> httpx2.Response:
        return await self.client.get(f"/v1/tasks/{self.task}")

    async def one_for_a_person(self) -> httpx2.Response:
        return await self.client.get(f"/v1/tasks/{self.task}?pretty")

    async def page(self) -> httpx2.Response:
        return await self.client.get("/v1/tasks")

    async def later(self) -> httpx2.Response:
        headers = {"prefer": "wait=0.1", "if-none-match": '"0-0"'}
        return await self.client.get(f"/v1/tasks/{self.task}", headers=headers)

    async def submitted(self) -> httpx2.Response:
        return await self.client.post("/v1/tasks", json=self.body)

    async def with_an_id(self) -> httpx2.Response:
        return await self.client.put(f"/v1/tasks/{uuid7()}", json=self.body)

    async def waited_for(self) -> httpx2.Response:
        return await self.client.post("/v1/tasks", json=self.body, headers={"prefer": "wait=0"})

    async def batch(self) -> httpx2.Response:
        return await self.client.post("/v1/tasks/batch", json={"tasks": [self.body]})


@pytest.fixture
async def asking(client: httpx2.AsyncClient, connection: asyncpg.Connection, any_params: None) -> Asking:
    task = await finished_task(connection, params=LARGE, envelope=LARGE)
    return Asking(client, task, await asked(connection, params=LARGE))


ALL: Final = [
    Asking.result, Asking.one, Asking.one_for_a_person, Asking.page, Asking.later, Asking.submitted, Asking.with_an_id,
    Asking.waited_for, Asking.batch,
]  # fmt: skip


@pytest.mark.parametrize("ask", ALL)
async def test_every_large_answer_needs_room(
    asking: Asking, room: AnswerRoom, ask: Callable[[Asking], Awaitable[httpx2.Response]]
) -> None:
    async with taken_by_others(room, tenant="another"):
        alone = await ask(asking)
    room.wait_s = 0
    async with taken_by_others(room):
        refused = await ask(asking)
    again = await ask(asking)

    assert len(alone.content) > SMALL_BYTES
    assert (alone.status_code, again.status_code) in {(200, 200), (202, 202)}
    assert (refused.status_code, refused.json()["code"]) == (503, "answers_full")
    assert refused.headers["retry-after"] == "5"


@pytest.mark.parametrize("ask", [Asking.submitted, Asking.with_an_id, Asking.batch])
async def test_what_would_be_answered_at_length_is_not_done_without_room(
    asking: Asking,
    room: AnswerRoom,
    connection: asyncpg.Connection,
    ask: Callable[[Asking], Awaitable[httpx2.Response]],
) -> None:
    async with taken_by_others(room):
        await ask(asking)
    assert await connection.fetchval("SELECT count(*) FROM task") == 1


async def test_a_batch_of_many_small_tasks_is_not_done_without_room(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, room: AnswerRoom, any_params: None
) -> None:
    many = {"tasks": [await asked(connection)] * 400}
    room.wait_s = 0
    async with taken_by_others(room):
        refused = await client.post("/v1/tasks/batch", json=many)
    assert await connection.fetchval("SELECT count(*) FROM task") == 0
    taken = await client.post("/v1/tasks/batch", json=many)

    assert (refused.status_code, refused.json()["code"]) == (503, "answers_full")
    assert (taken.status_code, len(taken.json()["tasks"])) == (202, 400)
    said = len(taken.request.content)
    assert said + 600 * 400 < len(taken.content) < said + ADDED_BYTES * 400


async def test_what_was_done_before_its_answer_grew_large_is_told_with_its_place(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, room: AnswerRoom
) -> None:
    task = await queued_task(connection, params=LARGE)
    async with taken_by_others(room):
        refused = await client.post(f"/v1/tasks/{task}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (503, "answers_full")
    assert "is done" in refused.json()["detail"]
    assert "retry-after" not in refused.headers
    assert await connection.fetchval("SELECT state::text FROM task WHERE id = $1", task) == "cancelled"


async def test_small_answers_need_no_room(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, room: AnswerRoom, any_params: None
) -> None:
    task = await finished_task(connection)
    async with taken_by_others(room):
        answers = [
            await client.get(f"/v1/tasks/{task}/result"),
            await client.get("/v1/tasks"),
            await client.post("/v1/tasks", json=await asked(connection)),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 202]


async def test_a_batch_of_too_many_is_refused_without_waiting_for_room(
    client: httpx2.AsyncClient, room: AnswerRoom
) -> None:
    async with taken_by_others(room):
        answer = await client.post("/v1/tasks/batch", json={"tasks": [0] * 20_000})
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_head_needs_no_room(asking: Asking, room: AnswerRoom) -> None:
    async with taken_by_others(room):
        for url in (f"/v1/tasks/{asking.task}/result", f"/v1/tasks/{asking.task}"):
            head = await asking.client.head(url)
            assert head.status_code == 200
            assert int(head.headers["content-length"]) > SMALL_BYTES


async def test_one_tenants_stalled_readers_hold_up_no_other_tenant(
    gateways: GatewayFactory, connection: asyncpg.Connection
) -> None:
    keys = {tenant: bearer(await a_key(connection, tenant=tenant)) for tenant in ("slow", "quick")}
    urls = {
        tenant: f"/v1/tasks/{await finished_task(connection, tenant=tenant, envelope={'data': 'x' * BYTES})}/result"
        for tenant in keys
    }
    async with (
        gateways.start(own={"open": False, "answers_mb": 2 * BYTES >> 20}) as gateway,
        connected_to(gateway.url, receive_buffer=4096) as slow,
        connected_to(gateway.url, receive_buffer=4096) as slow_too,
        httpx2.AsyncClient(base_url=gateway.url) as client,
    ):
        await slow.request(urls["slow"], headers=keys["slow"])
        assert (await slow.answer()).status == 200
        await slow_too.request(urls["slow"], headers=keys["slow"])
        answers = [await client.get(urls["quick"], headers=keys["quick"]) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]


async def is_free(room: AnswerRoom) -> bool:
    place = room.place("")
    try:
        await place.take(BYTES, is_made=False)
    except AnswersFullError:
        return False
    place.leave()
    return True


@asynccontextmanager
async def served(room: AnswerRoom, *, patience_s: float, slowest_bytes_per_s: float) -> AsyncIterator[str]:
    """The URL of a server whose one answer is large."""

    async def large(_request: Request) -> Response:
        return Response(bytes(BYTES), media_type="text/plain")

    pace = {"patience_s": patience_s, "slowest_bytes_per_s": slowest_bytes_per_s}
    app = Starlette(routes=[Route("/", large)], middleware=[Middleware(LargeAnswers, room=room, **pace)])
    settings = GatewaySettings(port=0)
    server = build_server(app, settings=settings)
    with listening_socket(settings) as listening:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            try:
                yield f"http://127.0.0.1:{listening.getsockname()[1]}"
            finally:
                server.should_exit = server.force_exit = True


async def test_who_takes_nothing_is_cut_off_and_gives_the_room_back() -> None:
    room = AnswerRoom(2 * BYTES, wait_s=0)

    async def is_taken() -> bool:
        return not await is_free(room)

    async with (
        served(room, patience_s=0.05, slowest_bytes_per_s=1e-6) as url,
        connected_to(url, receive_buffer=4096) as slow,
    ):
        await slow.request("/")
        await eventually(is_taken)
        await eventually(partial(is_free, room))
        answer = await slow.answer()
        with pytest.raises(CutError):
            await answer.body()


async def test_who_takes_an_answer_gets_it_whole_beside_one_who_does_not() -> None:
    room = AnswerRoom(4 * BYTES, wait_s=60)
    async with (
        served(room, patience_s=60, slowest_bytes_per_s=1) as url,
        connected_to(url, receive_buffer=4096) as slow,
        httpx2.AsyncClient(base_url=url) as client,
    ):
        await slow.request("/")
        answers = [await client.get("/") for _ in range(2)]
    assert [len(answer.content) for answer in answers] == [BYTES, BYTES]
