"""A TCP proxy before a Postgres: slow, frozen, resetting, or losing the answer to one statement after its commit."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import anyio
from anyio.abc import TaskGroup

CHUNK: Final = 1 << 16
LENGTH: Final = struct.Struct("!I")
RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)  # of SO_LINGER
PARSE, BIND, DATA_ROW, READY = b"P", b"B", b"D", b"Z"
NO_TRANSACTION: Final = b"I"  # at the end of READY: whatever was asked is committed


@dataclass(eq=False, slots=True, kw_only=True)
class Interception:
    """One answer that is not let through.

    Attributes:
        statement: a part of the text of the statement that is meant; an answer without rows does not count.
        cut: the connection ends then, and the answer is lost; otherwise it waits until `released`.
        caught: set when the answer is here: what was asked is committed, and who asked does not know it.
    """

    statement: str
    cut: bool
    caught: anyio.Event = field(default_factory=anyio.Event)
    released: anyio.Event = field(default_factory=anyio.Event)


def messages(buffer: bytearray, *, has_type: bool) -> Iterator[bytes]:
    """Take the whole messages off a buffer; all but the first of a connection begin with a type."""
    while len(buffer) >= has_type + LENGTH.size:
        size = has_type + LENGTH.unpack_from(buffer, has_type)[0]
        if len(buffer) < size:
            return
        message = bytes(buffer[:size])
        del buffer[:size]
        yield message
        has_type = True


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: "PostgresProxy") -> None:
        self._proxy = proxy
        self._statements: dict[bytes, str] = {}
        self._begun = False
        self._asked = bytearray()
        self._answered = bytearray()
        self._held = bytearray()
        self._awaited: Interception | None = None
        self._caught: Interception | None = None
        self._in_transaction = False
        self._flows = anyio.Event()
        self._flows.set()
        self._writers: list[asyncio.StreamWriter] = []
        self._scope = anyio.CancelScope()
        self.gone = anyio.Event()

    async def run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward in both directions until a side ends, or it is cut."""
        with self._scope, suppress(OSError):
            self._writers.append(writer)
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._proxy.upstream)
            self._writers.append(far_writer)
            async with anyio.create_task_group() as group:
                group.start_soon(self._forward, reader, far_writer, self._questions, group)
                group.start_soon(self._forward, far_reader, writer, self._answers, group)
        for each in self._writers:
            each.transport.abort()
        self.gone.set()

    async def _forward(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        look: Callable[[bytes], AsyncIterator[bytes]],
        group: TaskGroup,
    ) -> None:
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                async for piece in look(data):
                    if self._proxy.delay_s:
                        await anyio.sleep(self._proxy.delay_s)
                    await self._flows.wait()
                    writer.write(piece)
                    await writer.drain()
        group.cancel_scope.cancel()

    async def _questions(self, data: bytes) -> AsyncIterator[bytes]:
        """Pass what the client asks, and note whether the answer is to be caught."""
        self._asked += data
        for message in messages(self._asked, has_type=self._begun):
            self._begun = True
            if message[:1] == PARSE:
                name, text, _ = message[5:].split(b"\0", 2)
                self._statements[name] = text.decode()
            elif message[:1] == BIND and not self._in_transaction:
                _portal, name, _ = message[5:].split(b"\0", 2)
                self._awaited = self._proxy.interception_of(self._statements.get(name, ""))
        yield data

    async def _answers(self, data: bytes) -> AsyncIterator[bytes]:
        """Pass what the server answers, but for what is to be caught."""
        self._answered += data
        for message in messages(self._answered, has_type=True):
            self._held += message
            if message[:1] == DATA_ROW and self._awaited is not None:
                self._caught, self._awaited = self._proxy.taken(self._awaited), None
            elif message[:1] == READY:
                self._awaited = None
                self._in_transaction = message[-1:] != NO_TRANSACTION
                await self._keep_caught()
        if self._awaited is None and self._caught is None:
            yield bytes(self._held)
            self._held.clear()

    async def _keep_caught(self) -> None:
        caught, self._caught = self._caught, None
        if caught is not None:
            caught.caught.set()
            if caught.cut:
                self.reset()
            await caught.released.wait()

    def freeze(self) -> None:
        """Let nothing through any more, and tell nobody."""
        self._flows = anyio.Event()

    def thaw(self) -> None:
        """Let through what has waited."""
        self._flows.set()

    def reset(self) -> None:
        """Break it off: both sides are told by a reset."""
        for writer in self._writers:
            with suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
        self._scope.cancel()


class PostgresProxy:
    """Forwards connections to the server on a port of this machine.

    Attributes:
        delay_s: how long each piece of data waits.
        accepted: how many connections there were.
    """

    def __init__(self, *, upstream: int) -> None:
        self.upstream = upstream
        self.port = 0
        self.delay_s = 0.0
        self.accepted = 0
        self._links: set[Link] = set()
        self._interceptions: list[Interception] = []
        self._freezes_new = False

    def dsn(self, direct: str) -> str:
        """The same connection string, through the proxy."""
        parts = urlsplit(direct)
        query = dict(parse_qsl(parts.query)) | {"host": "127.0.0.1", "port": str(self.port), "sslmode": "disable"}
        return urlunsplit(parts._replace(query=urlencode(query)))

    def reset(self) -> None:
        """Break off every connection."""
        for link in list(self._links):
            link.reset()

    def freeze(self, *, also_new: bool = False) -> None:
        """Let nothing through on the connections that there are, and perhaps on those to come."""
        self._freezes_new = also_new
        for link in self._links:
            link.freeze()

    def thaw(self) -> None:
        """Let everything through again, also what has waited."""
        self._freezes_new = False
        for link in self._links:
            link.thaw()

    def lose_answer(self, statement: str) -> Interception:
        """Cut the connection once the next such statement is committed, before its answer."""
        return self._intercept(Interception(statement=statement, cut=True))

    def hold_answer(self, statement: str) -> Interception:
        """Keep the answer to the next such statement until it is released."""
        return self._intercept(Interception(statement=statement, cut=False))

    def _intercept(self, interception: Interception) -> Interception:
        self._interceptions.append(interception)
        return interception

    def interception_of(self, statement: str) -> Interception | None:
        """What waits for the answer to this statement."""
        return next((each for each in self._interceptions if each.statement in statement), None)

    def taken(self, interception: Interception) -> Interception | None:
        """An answer with rows is there: the same, if it is the first one; no other is meant."""
        if interception not in self._interceptions:
            return None
        self._interceptions.remove(interception)
        return interception

    async def is_empty(self) -> None:
        """Wait until no connection is left."""
        for link in list(self._links):
            await link.gone.wait()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its end."""
        link = Link(self)
        if self._freezes_new:
            link.freeze()
        self.accepted += 1
        self._links.add(link)
        try:
            await link.run(reader, writer)
        finally:
            self._links.discard(link)


@asynccontextmanager
async def postgres_proxy(*, upstream: int) -> AsyncIterator[PostgresProxy]:
    """Stand on a port of its own before the Postgres that listens on `upstream`."""
    proxy = PostgresProxy(upstream=upstream)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        proxy.port = server.sockets[0].getsockname()[1]
        yield proxy
    finally:
        server.close()
        proxy.reset()
        await proxy.is_empty()
        await server.wait_closed()
