"""Bodies that outlast the task of their request, over real connections."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from gateway.protocol import MOST_AHEAD
from gateway.server import Server, build_server, listening_socket
from gateway.settings import GatewaySettings
from gateway.tap import Tap, open_tap
from helpers.eventually import eventually
from helpers.raw_http import Connection, CutError, connected_to

START: Final = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]}


def body(data: bytes, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": data, "more_body": more}


class Tapped:
    """An application that opens taps and leaves; what is written later is the test's."""

    def __init__(self) -> None:
        self.taps: list[Tap | None] = []
        self.ended: list[str] = []
        self._left = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the request unless its path says otherwise, and open a tap."""
        while scope["path"] != "/unread" and (await receive()).get("more_body", False):
            pass
        tap = await open_tap(scope, send, START)
        self.taps.append(tap)
        if tap is None:
            await send(body(b"", more=False))
        else:
            tap.on_end(lambda: self.ended.append(scope["path"]))
        self._left += 1

    async def tap(self, number: int = 0) -> Tap:
        """That of a request whose task has been left."""
        await eventually(lambda: self._are_left(number + 1))
        tap = self.taps[number]
        assert tap is not None
        return tap

    async def _are_left(self, count: int) -> bool:
        return self._left >= count

    def has_ended(self, path: str) -> Callable[[], Awaitable[bool]]:
        """Whether the body of this path's answer has."""

        async def ended() -> bool:
            return path in self.ended

        return ended


@asynccontextmanager
async def served(app: Tapped) -> AsyncIterator[tuple[str, Server]]:
    settings = GatewaySettings(port=0)
    server = build_server(app, settings=settings)
    with listening_socket(settings) as listening:
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: server.serve(sockets=[listening]))
            yield f"http://127.0.0.1:{listening.getsockname()[1]}", server
            server.should_exit = server.force_exit = True


@asynccontextmanager
async def tapped(app: Tapped) -> AsyncIterator[Connection]:
    """A connection to the application."""
    async with served(app) as (url, _), connected_to(url) as connection:
        yield connection


async def test_a_body_goes_on_when_its_task_has_ended() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        assert tap.write(b"one")
        assert await answer.read() == b"one"
        await tap.send(body(b"two", more=True))
        await tap.send(body(b"three", more=False))
        assert await answer.body() == b"twothree"

    assert app.ended == ["/a"]


async def test_after_the_end_nothing_more_is_written_and_the_connection_serves_the_next() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        await tap.send(body(b"", more=False))
        assert not tap.write(b"too late")
        await tap.send(body(b"too late", more=False))
        assert await answer.body() == b""
        answer = await connection.get("/b")
        await (await app.tap(1)).send(body(b"of the second", more=False))
        assert await answer.body() == b"of the second"

    assert app.ended == ["/a", "/b"]


async def test_a_request_that_was_sent_ahead_waits_for_the_end_of_the_body() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        await connection.send(b"GET /a HTTP/1.1\r\nhost: x\r\n\r\nGET /b HTTP/1.1\r\nhost: x\r\n\r\n")
        first = await connection.answer()
        tap = await app.tap()
        assert len(app.taps) == 1
        await tap.send(body(b"first", more=False))
        assert await first.body() == b"first"
        second = await connection.answer()
        await (await app.tap(1)).send(body(b"second", more=False))
        assert await second.body() == b"second"


async def test_who_sends_very_many_requests_ahead_is_cut_off_and_none_of_them_is_kept() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        assert tap.write(b"one")
        assert await answer.read() == b"one"
        await connection.send(b"GET /b HTTP/1.1\r\nhost: x\r\n\r\n" * (MOST_AHEAD + 1))
        with pytest.raises(CutError):
            await answer.body()
        await eventually(app.has_ended("/a"))

    assert len(app.taps) == 1


async def test_nonsense_behind_a_request_is_not_answered_in_the_middle_of_a_body() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        assert tap.write(b"one")
        assert await answer.read() == b"one"
        await connection.send(b"no request\r\n\r\n")
        with pytest.raises(CutError):
            await answer.body()
        await eventually(app.has_ended("/a"))


async def test_who_streams_is_told_when_the_client_has_gone() -> None:
    app = Tapped()
    async with served(app) as (url, _):
        async with connected_to(url) as connection:
            await connection.get("/a")
            tap = await app.tap()
        await eventually(app.has_ended("/a"))
        assert not tap.write(b"for nobody")

    assert app.ended == ["/a"]


async def test_a_client_that_sent_a_request_ahead_is_found_to_have_gone_by_the_next_write() -> None:
    app = Tapped()
    async with served(app) as (url, _):
        async with connected_to(url) as connection:
            await connection.get("/a")
            await connection.send(b"GET /b HTTP/1.1\r\nhost: x\r\n\r\n")
            tap = await app.tap()

        async def is_found() -> bool:
            return not tap.write(b"heartbeat") and app.ended == ["/a"]

        await eventually(is_found)


async def test_who_asks_late_is_told_at_once_that_the_client_has_gone() -> None:
    app = Tapped()
    told: list[bool] = []
    async with served(app) as (url, _):
        async with connected_to(url) as connection:
            await connection.get("/a")
            tap = await app.tap()
        await eventually(app.has_ended("/a"))
        tap.on_end(lambda: told.append(True))

    assert told == [True]


async def test_a_client_that_takes_nothing_is_written_nothing_more_until_it_does() -> None:
    app = Tapped()
    piece = b"x" * 65_536
    async with served(app) as (url, _), connected_to(url, receive_buffer=4096) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        written = 0
        while tap.write(piece):
            written += 1
            await anyio.lowlevel.checkpoint()
        assert written < 1000
        async with anyio.create_task_group() as group:
            group.start_soon(tap.send, body(b"the end", more=False))
            told = await answer.body()

    assert told == piece * written + b"the end"


async def test_a_client_of_the_old_protocol_gets_no_chunks_and_the_end_of_the_connection() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        await connection.send(b"GET /a HTTP/1.0\r\nhost: x\r\nconnection: keep-alive\r\n\r\n")
        tap = await app.tap()
        assert tap.write(b"one")
        await tap.send(body(b"two", more=False))
        while await connection.read():
            pass
        head, _, told = bytes(connection.received).partition(b"\r\n\r\n")

    assert b"transfer-encoding" not in head.lower()
    assert b"connection: close" in head.lower()
    assert told == b"onetwo"


@pytest.mark.parametrize(
    "request_head",
    [b"HEAD /a HTTP/1.1\r\nhost: x\r\n\r\n", b"POST /unread HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n"],
)
async def test_there_is_no_tap_without_a_body_or_before_the_request_has_come(request_head: bytes) -> None:
    app = Tapped()
    async with tapped(app) as connection:
        await connection.send(request_head)
        answer = await connection.answer(method=request_head[:4].decode())
        assert await answer.body() == b""

    assert app.taps == [None]


async def test_a_server_that_stops_waits_for_the_end_of_the_body_and_then_closes() -> None:
    app = Tapped()
    async with served(app) as (url, server), connected_to(url) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        for each in list(server.server_state.connections):
            each.shutdown()
        assert tap.write(b"still ")
        await tap.send(body(b"here", more=False))
        assert await answer.body() == b"still here"
        assert await connection.is_closed_by_server()


async def test_a_connection_that_is_cut_ends_in_the_middle_of_its_body() -> None:
    app = Tapped()
    async with tapped(app) as connection:
        answer = await connection.get("/a")
        tap = await app.tap()
        tap.hang_up()
        with pytest.raises(CutError):
            await answer.body()
        await eventually(app.has_ended("/a"))
