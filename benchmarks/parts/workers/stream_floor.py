"""Servers that only send one story to all who connect: what the delivery of Sundog is measured by.

`stream_floor.py FORM [DSN TASK]`, run by `benchmarks.parts.floors`. The bytes of an event are the same everywhere.

    direct        an ASGI application that calls `send` of each connection in a loop: the floor of what is built on ASGI
    fed           the same, fed by Postgres: LISTEN, and a read of the task's new events for each notification
    eventsource   sse-starlette's EventSourceResponse, one generator a connection
    sockets       asyncio without HTTP: the floor of what is built on Python
"""

import asyncio
import os
import socket
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import uvicorn
import uvloop
from sse_starlette import EventSourceResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from benchmarks.parts.programs import answer_commands
from common.words import Channel

BACKLOG: Final = 2048
NEVER_S: Final = 86_400  # no heartbeat into a measurement
HEAD: Final = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
HEADERS: Final = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
TASK: Final = "01893a6b-0000-7000-8000-000000000000"
READ: Final = "SELECT seq, data FROM event WHERE task = $1 AND seq > $2 ORDER BY seq"


class Floor(ABC):
    """A story and whoever watches it."""

    def __init__(self) -> None:
        self.last = event(1)

    @abstractmethod
    async def serve(self, listening: socket.socket) -> None:
        """Accept watchers until cancelled."""

    async def tell(self, data: bytes) -> None:
        """Send to all of them; those who come later get it first."""
        self.last = data
        await self.send(data)

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Send to all of them."""


class Direct(Floor):
    """ASGI, and nothing between it and the story."""

    def __init__(self) -> None:
        super().__init__()
        self._sends: set[Send] = set()

    async def serve(self, listening: socket.socket) -> None:
        """By the same uvicorn as the gateway."""
        await serve_asgi(self, listening)

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one watcher."""
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send(body(self.last))
        self._sends.add(send)
        try:
            while (await receive())["type"] != "http.disconnect":
                pass
        finally:
            self._sends.discard(send)

    async def send(self, data: bytes) -> None:
        """One after the other."""
        message = body(data)
        for send in list(self._sends):
            await send(message)


class EventSource(Floor):
    """sse-starlette as its documentation has it."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = asyncio.Event()

    async def serve(self, listening: socket.socket) -> None:
        """By the same uvicorn as the gateway."""
        await serve_asgi(self, listening)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one watcher."""
        await EventSourceResponse(self._story(), ping=NEVER_S)(scope, receive, send)

    async def _story(self) -> AsyncIterator[bytes]:
        while True:
            moved = self._moved
            yield self.last
            await moved.wait()

    async def send(self, data: bytes) -> None:
        """Wake all generators by one event, which is less than a queue each costs."""
        del data
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()


class Sockets(Floor):
    """No HTTP but the bytes that stand for it."""

    def __init__(self) -> None:
        super().__init__()
        self.transports: set[asyncio.Transport] = set()

    async def serve(self, listening: socket.socket) -> None:
        """By asyncio itself."""
        server = await asyncio.get_running_loop().create_server(lambda: Answerer(self), sock=listening, backlog=BACKLOG)
        await server.serve_forever()

    async def send(self, data: bytes) -> None:
        """One after the other."""
        data = chunk(data)
        for transport in self.transports:
            transport.write(data)


class Answerer(asyncio.Protocol):
    """One watcher of `Sockets`; whatever it asks, the answer is the story."""

    def __init__(self, floor: Sockets) -> None:
        self._floor = floor
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to write."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """Take it for a request."""
        del data
        assert self._transport is not None
        self._transport.write(HEAD + chunk(self._floor.last))
        self._floor.transports.add(self._transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        del exc
        if self._transport is not None:
            self._floor.transports.discard(self._transport)


async def serve_asgi(app: ASGIApp, listening: socket.socket) -> None:
    config = uvicorn.Config(
        app, loop="none", http="httptools", ws="none", lifespan="off", access_log=False, log_level="warning"
    )
    await uvicorn.Server(config).serve(sockets=[listening])


async def feed(floor: Floor, *, dsn: str, task: UUID) -> None:
    """Tell a task's events as Postgres announces them: the least that a gateway does."""
    listener, reader = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    moved = asyncio.Event()
    await listener.add_listener(Channel.FEED.value, lambda *_heard: moved.set())
    seq = 0
    while True:
        for row in await reader.fetch(READ, task, seq):
            seq = row["seq"]
            await floor.tell(event(seq))
        await moved.wait()
        moved.clear()


def event(seq: int) -> bytes:
    """An event as long as one of a gateway that logs a line."""
    data = f'{{"seq":{seq},"type":"log","at":"2026-11-22T10:00:00.000000Z","task":"{TASK}","attempt":1,'
    return f'id: {seq}\nevent: log\ndata: {data}"level":"info","message":"half of it is done"}}\n\n'.encode()


def body(data: bytes) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": True}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


FORMS: Final[Mapping[str, type[Floor]]] = {
    "direct": Direct,
    "fed": Direct,
    "eventsource": EventSource,
    "sockets": Sockets,
}


async def main(form: str, *source: str) -> None:
    floor = FORMS[form]()
    listening = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)

    async def answer(command: Mapping[str, Any]) -> Mapping[str, Any]:
        match command:
            case {"command": "port"}:
                return {"port": listening.getsockname()[1]}
            case {"command": "tell", "seq": seq}:
                await floor.tell(event(seq))
                return {}
            case _:
                raise ValueError(command)

    async with asyncio.TaskGroup() as group:
        group.create_task(floor.serve(listening))
        if source:
            group.create_task(feed(floor, dsn=source[0], task=UUID(source[1])))
        await answer_commands(answer)
        os._exit(0)  # nobody waits for the end of its streams


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
