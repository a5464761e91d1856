"""What live delivery relies on in uvicorn, sse-starlette and obstore."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import obstore
import pytest
import uvicorn
from obstore.store import LocalStore
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.push import run_until_it_waits

START = {"type": "http.response.start", "status": 200, "headers": []}
GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[int]:
    """The application behind uvicorn with httptools; gives its port."""
    config = uvicorn.Config(app, loop="none", http="httptools", ws="none", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            yield listening.getsockname()[1]
            server.should_exit = True


async def test_send_does_not_wait_while_the_client_takes_its_bytes() -> None:
    waited: list[bool] = []

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        waited.append(run_until_it_waits(send(START)) is not None)
        for _ in range(3):
            body = {"type": "http.response.body", "body": b"x" * 1000, "more_body": True}
            waited.append(run_until_it_waits(send(body)) is not None)
        waited.append(run_until_it_waits(send({"type": "http.response.body"})) is not None)

    async with served(app) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
        await client.send(GET)
        received = b""
        while not received.endswith(b"0\r\n\r\n"):
            received += await client.receive()
    assert waited == [False] * 5


async def test_send_waits_before_it_writes_once_the_client_takes_nothing() -> None:
    written: list[int] = []
    full = anyio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await send(START)
        for _ in range(10_000):
            rest = run_until_it_waits(send({"type": "http.response.body", "body": b"x" * 65_536, "more_body": True}))
            if rest is not None:
                rest.close()
                full.set()
                break
            written.append(65_536)
            await anyio.lowlevel.checkpoint()
        while (await receive())["type"] != "http.disconnect":
            pass

    async with served(app) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
        await client.send(GET)
        with anyio.fail_after(20):
            await full.wait()
    assert sum(written) < 64 << 20


async def test_receive_tells_of_a_disconnect_when_the_body_has_ended() -> None:
    told = anyio.Event()

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        async def end() -> None:
            await send({"type": "http.response.body"})

        await send(START)
        async with anyio.create_task_group() as group:
            group.start_soon(end)
            while (await receive())["type"] != "http.disconnect":
                pass
        told.set()

    async with served(app) as port, await anyio.connect_tcp("127.0.0.1", port) as client:
        await client.send(GET)
        with anyio.fail_after(20):
            await told.wait()


def test_the_manners_of_an_event_stream_are_those_we_take_over() -> None:
    headers = dict(EventSourceResponse(iter(())).raw_headers)
    assert headers[b"x-accel-buffering"] == b"no"
    assert headers[b"cache-control"] == b"no-store"


def test_an_event_is_encoded_as_the_standard_says() -> None:
    event = ServerSentEvent('{"a":1}', event="log", id="7", sep="\n")
    assert event.encode() == b'id: 7\nevent: log\ndata: {"a":1}\n\n'


async def test_an_upload_that_breaks_off_leaves_nothing_in_the_store(tmp_path: Path) -> None:
    async def breaks_off() -> AsyncIterator[bytes]:
        yield b"x" * (6 << 20)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        await obstore.put_async(LocalStore(tmp_path), "half", breaks_off(), max_concurrency=2)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
