"""The short way of plain tasks: it gives the answers that the long one gives."""

import gc
import json
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

import anyio
import asyncpg
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from common.ids import uuid7
from gateway.express import is_plain
from gateway.server import build_server, listening_socket
from gateway.settings import GatewaySettings
from helpers.asking import asked

pytestmark = pytest.mark.usefixtures("offered")

LONG_WAY: Final = {"x-anything": "1"}
OWN: Final = ("id", "created_at", "run_at", "urls", "request_id")  # of each task, of each request
OWN_HEADERS: Final = frozenset({"location", "x-request-id", "date", "content-length"})
JSON: Final = {"content-type": "application/json"}

# name: status, headers, and what is changed about a right body; bytes are the body.
REQUESTS: Final[dict[str, tuple[int, dict[str, str], dict[str, object] | bytes]]] = {
    "a right one": (202, JSON, {}),
    "with params and tags": (202, JSON, {"params": {"top_k": 5}, "tags": ["nightly", "ünï"], "priority": 3}),
    "with half a character": (422, JSON, {"params": {"\ud800": 1}}),
    "with a trace": (202, {**JSON, "traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}, {}),
    "with a name for the request": (202, {**JSON, "x-request-id": "mine"}, {}),
    "of a kind that is unknown": (422, JSON, {"kind": "nothing"}),
    "with a wrong param": (422, JSON, {"params": {"top_k": "many"}}),
    "with no dataset": (422, JSON, {"inputs": {"data": "00000000-0000-7000-8000-000000000000"}}),
    "with too much": (413, JSON, {"params": {"x": "y" * 30_000}}),
    "that is no JSON": (400, JSON, b'{"kind": '),
    "with a number without end": (400, JSON, b'{"kind": 1e999}'),
    "that is nested too deep": (400, JSON, b"[" * 70 + b"]" * 70),
    "for another host": (421, {**JSON, "host": "evil.example"}, {}),
    "with a key that cannot be one": (422, {**JSON, "idempotency-key": "two words"}, {}),
}


class Spy:
    """Notes of each request for tasks whether it is one for the short way, and what is sent by ASGI's messages."""

    def __init__(self, app: Starlette) -> None:
        self.plain: list[bool] = []
        self.sent: list[Message] = []
        self.clients: list[object] = []
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            self.sent.append(message)
            await send(message)

        self.plain.append(is_plain(scope))
        self.clients.append(scope["client"])
        await self._app(scope, receive, noted)


async def ask_both(
    app: Spy, settings: GatewaySettings, headers: dict[str, str], body: bytes | None, *, path: str = "/v1/tasks"
) -> list[httpx2.Response]:
    """The answers to the same request, the short way and the long way."""
    server = build_server(app, settings=settings)
    with listening_socket(settings) as listening:
        port = listening.getsockname()[1]
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
                method = "GET" if body is None else "POST"
                answers = [
                    await client.request(method, path, content=body, headers={**headers, **more})
                    for more in ({}, LONG_WAY)
                ]
            server.should_exit = True
    return answers


@pytest.fixture
def uncollected() -> Iterator[list[object]]:
    """What a look for garbage finds, and otherwise takes away."""
    gc.collect()
    gc.set_debug(gc.DEBUG_SAVEALL)
    yield gc.garbage
    gc.set_debug(0)
    gc.garbage.clear()


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(port=0, body_limit_bytes=20_000, kinds_cache_s=0)


def common_part(answer: httpx2.Response) -> tuple[int, dict[str, str], dict[str, Any]]:
    """What two answers to the same request have in common."""
    body = {name: value for name, value in answer.json().items() if name not in OWN}
    headers = {name: value for name, value in answer.headers.items() if name not in OWN_HEADERS}
    return answer.status_code, headers, body


@pytest.mark.parametrize("name", REQUESTS)
async def test_both_ways_give_the_same_answer(
    app: Starlette, settings: GatewaySettings, connection: asyncpg.Connection, name: str
) -> None:
    status, headers, changes = REQUESTS[name]
    body = changes if isinstance(changes, bytes) else json.dumps(await asked(connection, **changes)).encode()
    spy = Spy(app)

    short, long = await ask_both(spy, settings, headers, body)

    assert spy.plain == [True, False]
    assert short.status_code == status
    assert common_part(short) == common_part(long)
    assert short.headers.keys() == long.headers.keys()


@pytest.mark.parametrize(
    ("looked_at", "headers", "status"),
    [
        ("it", {}, 200),
        ("it", {"if-none-match": '"1-0"'}, 304),
        ("it", {"if-none-match": '"2-0"', "accept": "application/json"}, 200),
        ("it", {"host": "evil.example"}, 421),
        ("00000000-0000-7000-8000-000000000000", {}, 404),
        ("not-an-id-but-as-long-as-one-12345678", {}, 404),
    ],
)
async def test_both_ways_show_the_same_task(
    app: Starlette,
    settings: GatewaySettings,
    connection: asyncpg.Connection,
    client: httpx2.AsyncClient,
    looked_at: str,
    headers: dict[str, str],
    status: int,
) -> None:
    made = (await client.post("/v1/tasks", json=await asked(connection))).json()
    path = made["urls"]["self"] if looked_at == "it" else f"/v1/tasks/{looked_at[:36]}"
    spy = Spy(app)

    short, long = await ask_both(spy, settings, headers, None, path=path)

    assert spy.plain == [True, False]
    assert short.status_code == status
    assert short.headers.keys() == long.headers.keys()
    assert short.headers.get("etag") == long.headers.get("etag")
    if status == HTTPStatus.OK:
        assert short.json() == long.json()
    elif status != HTTPStatus.NOT_MODIFIED:
        assert common_part(short) == common_part(long)


async def test_a_whole_answer_is_written_at_once(
    app: Starlette, settings: GatewaySettings, connection: asyncpg.Connection
) -> None:
    """Head, the server's own headers and body in one piece, past ASGI's two messages."""
    spy = Spy(app)

    answers = await ask_both(spy, settings, JSON, json.dumps(await asked(connection)).encode())

    assert spy.sent == []
    assert all({"date", "x-request-id", "content-length"} <= answer.headers.keys() for answer in answers)


async def test_neither_answer_leaves_anything_that_has_to_be_looked_for(
    app: Starlette, settings: GatewaySettings, connection: asyncpg.Connection, uncollected: list[object]
) -> None:
    spy = Spy(app)
    await ask_both(spy, settings, JSON, json.dumps(await asked(connection)).encode())
    gc.collect()

    left = [each.scope["client"] for each in uncollected if isinstance(each, RequestResponseCycle)]
    assert len(spy.clients) == 2
    assert not [client for client in left if client in spy.clients]


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("accept", "text/event-stream"),
        ("accept", "text/plain"),
        ("prefer", "wait=1"),
        ("origin", "https://a.example"),
        ("cookie", "sundog=1"),
        ("content-digest", "sha-256=:AAAA:"),
        ("expect", "100-continue"),
        ("content-type", "application/json; charset=utf-8"),
        ("connection", "close"),
        ("host", "b.example"),
    ],
)
def test_what_is_not_plain_goes_the_long_way(header: str, value: str) -> None:
    plain = [(b"host", b"a.example"), (b"content-type", b"application/json"), (b"accept", b"*/*")]
    others = [field for field in plain if field[0] != header.encode() or header == "host"]
    assert is_plain(a_scope(plain))
    assert not is_plain(a_scope([*others, (header.encode(), value.encode())]))


def test_so_does_every_other_path_and_method_and_a_body_that_is_on_its_way() -> None:
    plain = a_scope([(b"content-type", b"application/json")])
    assert not is_plain({**plain, "method": "GET"})
    looks = {**a_scope([(b"host", b"a.example")]), "method": "GET", "path": f"/v1/tasks/{uuid7()}"}
    assert is_plain(looks)
    assert not is_plain({**looks, "method": "HEAD"})
    assert not is_plain({**looks, "path": f"{looks['path']}/events"})
    assert not is_plain({**looks, "path": "/v1/tasks/" + "a/" * 18})
    assert not is_plain({**looks, "path": "/v1/tasks/batch"})
    assert not is_plain({**looks, "headers": [(b"prefer", b"wait=1")]})
    assert not is_plain({**plain, "path": "/v1/tasks/batch"})
    assert not is_plain({**plain, "query_string": b"pretty"})
    assert not is_plain({**plain, "extensions": {}})


class Whole:
    """As the server offers a request that has come whole."""

    is_whole = True


def a_scope(headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/tasks",
        "query_string": b"",
        "headers": headers,
        "extensions": {"sundog": Whole()},
    }
