"""The gateway behind a real socket, for what a client can do to a connection."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import asyncpg
import pytest
from anyio.abc import SocketStream
from starlette.applications import Starlette

from common.notifier import Notifier
from gateway.app import create_app
from gateway.server import build_server, listening_socket
from gateway.settings import GatewaySettings
from helpers.eventually import eventually
from helpers.live import idle_live
from helpers.storage import Stored

HALF = b"PUT /v1/datasets/a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n" + b"x" * 30_000
HALF_FORM = (
    b"POST /v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
    b'Content-Length: 50000\r\n\r\n--XX\r\nContent-Disposition: form-data; name="data"; filename="a.csv"\r\n\r\n'
) + b"x" * 30_000


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(port=0, upload_limit_bytes=100_000, head_limit_bytes=4096, head_timeout_s=0.2, shutdown_s=1)


@asynccontextmanager
async def served(app: Starlette, settings: GatewaySettings) -> AsyncIterator[int]:
    """The application behind a socket; gives its port."""
    server = build_server(app, settings=settings)
    with listening_socket(settings) as listening:
        port: int = listening.getsockname()[1]
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            yield port
            server.should_exit = True


@pytest.fixture
async def door(stored: Stored, settings: GatewaySettings) -> AsyncIterator[Starlette]:
    """A gateway without a database."""
    async with asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0) as pool:
        yield create_app(
            pool=pool, storage=stored.storage, notifier=Notifier(pool=pool), live=idle_live(pool), settings=settings
        )


async def talk(port: int, sent: bytes) -> bytes:
    """Send, and read until the gateway closes."""
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(sent)
        return await read_all(stream)


async def read_all(stream: SocketStream) -> bytes:
    received = bytearray()
    try:
        while True:
            received += await stream.receive()
    except (anyio.EndOfStream, anyio.BrokenResourceError):
        return bytes(received)


async def read_until(stream: SocketStream, end: bytes) -> bytes:
    received = bytearray()
    while end not in received:
        received += await stream.receive()
    return bytes(received)


def problem(answer: bytes) -> tuple[int, str]:
    """Status and code."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    return int(head.split()[1]), json.loads(body)["code"]


@pytest.mark.parametrize("half", [HALF, HALF_FORM])
async def test_a_client_that_stops_half_way_leaves_nothing(
    door: Starlette, stored: Stored, settings: GatewaySettings, caplog: pytest.LogCaptureFixture, half: bytes
) -> None:
    async def upload_began() -> bool:
        return bool(stored.files())

    async def upload_ended() -> bool:
        return any(record.message == "request" for record in caplog.records)

    async def nothing_is_left() -> bool:
        return stored.files() == []

    with caplog.at_level(logging.INFO):
        async with served(door, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(half)
            await eventually(upload_began)
            await stream.aclose()
            await eventually(upload_ended)
    await eventually(nothing_is_left)

    assert all(record.levelno < logging.WARNING for record in caplog.records)


async def test_a_body_over_the_limit_is_refused_before_it_is_sent(
    door: Starlette, stored: Stored, settings: GatewaySettings
) -> None:
    head = (
        b"PUT /v1/datasets/a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100001\r\nExpect: 100-continue\r\n\r\n"
    )
    async with served(door, settings) as port:
        answer = await talk(port, head)

    assert problem(answer) == (413, "too_large")
    assert b"100 Continue" not in answer
    assert b"connection: close" in answer


async def test_who_sends_the_whole_body_nevertheless_can_read_why_it_was_refused(
    door: Starlette, settings: GatewaySettings
) -> None:
    head = b"PUT /v1/datasets/a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3000000\r\n\r\n"
    async with served(door, settings) as port:
        answer = await talk(port, head + b"x" * 3_000_000)

    assert problem(answer) == (413, "too_large")


async def test_a_body_that_is_wanted_is_asked_for(app: Starlette, settings: GatewaySettings) -> None:
    head = b"PUT /v1/datasets/a.csv HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    async with served(app, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(head)
        assert await read_until(stream, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send(b"a,b\n")
        assert (await read_until(stream, b"}}")).startswith(b"HTTP/1.1 201 Created\r\n")


async def test_white_space_around_a_value_is_no_part_of_it(app: Starlette, settings: GatewaySettings) -> None:
    head = (
        b"PUT /v1/datasets/a.csv HTTP/1.1\r\nHost:\t localhost \t\r\nContent-Length: 4\r\nExpect: 100-continue \r\n\r\n"
    )
    async with served(app, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(head)
        assert await read_until(stream, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send(b"a,b\n")
        assert (await read_until(stream, b"}}")).startswith(b"HTTP/1.1 201 Created\r\n")


async def test_a_client_of_http_1_0_is_never_told_to_continue(app: Starlette, settings: GatewaySettings) -> None:
    head = b"PUT /v1/datasets/a.csv HTTP/1.0\r\nHost: localhost\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    async with served(app, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(head)
        await stream.send(b"a,b\n")
        assert (await read_until(stream, b"}}")).startswith(b"HTTP/1.1 201 Created\r\n")


async def test_a_connection_is_used_again_after_a_form(app: Starlette, settings: GatewaySettings) -> None:
    form = b'--XX\r\nContent-Disposition: form-data; name="a"; filename="a.csv"\r\n\r\na,b\n\r\n--XX--\r\n'
    head = (
        b"POST /v1/datasets HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=XX\r\n"
        b"Content-Length: %d\r\n\r\n" % len(form)
    )
    async with served(app, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        statuses = []
        for _ in range(2):
            await stream.send(head)
            await stream.send(form)
            statuses.append((await read_until(stream, b"}}")).split()[1])

    assert statuses == [b"201", b"200"]


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"x" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Endless: " + b"x" * 5000,
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X-Many: x\r\n" * 1000,
        b"GET /" + b"x" * 5000,
    ],
)
async def test_a_head_over_the_limit_is_refused(door: Starlette, settings: GatewaySettings, head: bytes) -> None:
    async with served(door, settings) as port:
        assert problem(await talk(port, head)) == (431, "head_too_large")


async def test_what_is_no_http_is_told_so(door: Starlette, settings: GatewaySettings) -> None:
    async with served(door, settings) as port:
        assert problem(await talk(port, b"hello\r\n\r\n")) == (400, "request_malformed")


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        (b"hello\r\n\r\n", ""),
        (b"GET /v1/tasks?tag=private HTTP/1.1\r\nX-Request-Id: mine\r\nHost: a\r\nHost: b\r\n\r\n", "/v1/tasks"),
        (b"GET /" + b"x" * 5000, "/" + "x" * 999),
    ],
)
async def test_what_never_became_a_request_is_answered_and_logged_like_any(
    door: Starlette, settings: GatewaySettings, caplog: pytest.LogCaptureFixture, sent: bytes, path: str
) -> None:
    with caplog.at_level(logging.INFO):
        async with served(door, settings) as port:
            answer = await talk(port, sent)
    head, _, body = answer.partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().splitlines()[1:])
    (logged,) = [record for record in caplog.records if record.name == "gateway.request_log"]

    assert {"date", "x-request-id", "content-security-policy", "cache-control"} <= headers.keys()
    assert json.loads(body)["request_id"] == headers["x-request-id"]
    assert b"X-Request-Id" not in sent or headers["x-request-id"] == "mine"
    assert vars(logged) | {"request": headers["x-request-id"], "path": path} == vars(logged)
    assert vars(logged)["status"] == problem(answer)[0]
    assert [record for record in caplog.records if record.name.startswith("uvicorn") and record.levelno > 20] == []


async def test_a_web_socket_that_is_asked_for_is_not_made_and_nobody_is_told_to_install_one(
    door: Starlette, settings: GatewaySettings, caplog: pytest.LogCaptureFixture
) -> None:
    head = (
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    async with served(door, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(head)
        assert (await read_until(stream, b"}")).startswith(b"HTTP/1.1 200 OK\r\n")

    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_connection_that_asks_nothing_is_closed_without_a_word(
    door: Starlette, settings: GatewaySettings
) -> None:
    async with served(door, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        assert await read_all(stream) == b""


async def test_a_head_that_does_not_come_is_not_waited_for(door: Starlette, settings: GatewaySettings) -> None:
    async with served(door, settings) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(b"GET / HTTP/1.1\r\nHost: loc")

        assert problem(await read_all(stream)) == (408, "request_too_slow")


async def test_an_open_connection_does_not_keep_the_gateway_from_stopping(
    door: Starlette, stored: Stored, settings: GatewaySettings
) -> None:
    async def upload_began() -> bool:
        return bool(stored.files())

    async def nothing_is_left() -> bool:
        return stored.files() == []

    with anyio.fail_after(20):
        async with served(door, settings) as port:
            stream = await anyio.connect_tcp("127.0.0.1", port)
            await stream.send(HALF)
            await eventually(upload_began)
        await stream.aclose()
    await eventually(nothing_is_left)
