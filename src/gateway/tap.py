"""A stream's body, written past ASGI: what is left of an answer whose request and whose task are gone.

An answer that lasts keeps its task, a frame for each layer that waits for it, the request and its headers: more than
ten KiB that do nothing. So whoever streams opens a tap when the headers have been sent. From there on uvicorn's request
cycle counts as done, its task may end, and the connection keeps the tap in the cycle's place until the body ends.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Final, Protocol
from weakref import ref

from starlette.types import Message, Scope, Send
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

EXTENSION: Final = "sundog"  # what this server offers its application beyond ASGI
LAST_CHUNK: Final = b"0\r\n\r\n"


def has_come(scope: Scope) -> bool:
    """Whether the server already has all of a request's body; False where it cannot tell."""
    offer: Offer | None = scope.get("extensions", {}).get(EXTENSION)
    return offer is not None and offer.is_whole


class Connection(Protocol):
    """What a tap needs of its connection."""

    flow: FlowControl

    def on_response_complete(self) -> None:
        """The answer has ended; the next request's turn."""

    def replace_cycle(self, cycle: RequestResponseCycle, tap: "Tap") -> None:
        """The answer goes on by this tap."""


class Transport(Protocol):
    """What a tap needs of its connection's transport."""

    def write(self, data: bytes) -> None:
        """Write without waiting."""

    def close(self) -> None:
        """Close it when what was written has gone out."""

    def abort(self) -> None:
        """Cut it, whatever is still to go out."""


class Tap:
    """A body that is written as it comes.

    uvicorn's protocol sees it in the place of the request's cycle, and reads `response_complete` and `keep_alive`.

    Attributes:
        keep_alive: the connection can be used again after the body.
        response_complete: nothing more can be written.
    """

    __slots__ = ("_connection", "_is_chunked", "_tell_end", "_transport", "keep_alive", "response_complete")

    def __init__(self, connection: Connection, transport: Transport, *, is_chunked: bool, keep_alive: bool) -> None:
        self._connection = connection
        self._transport = transport
        self._is_chunked = is_chunked
        self.keep_alive = keep_alive
        self.response_complete = False
        self._tell_end: Callable[[], None] | None = None

    def on_end(self, tell: Callable[[], None]) -> None:
        """Call this once, when the body has ended or its client has gone; at once if that was before."""
        self._tell_end = tell
        if self.response_complete:
            self._tell()

    def write(self, data: bytes) -> bool:
        """Write a piece of the body at once; False if the client does not take its bytes."""
        if self.response_complete or self._connection.flow.write_paused:
            return False
        self._transport.write(chunk(data) if self._is_chunked else data)
        return True

    async def send(self, message: Message) -> None:
        """Write a piece as an ASGI `send` does: it waits first if the client does not take its bytes."""
        flow = self._connection.flow
        if flow.write_paused and not self.response_complete:
            await flow.drain()
        if self.response_complete:
            return
        data, is_last = message["body"], not message["more_body"]
        if self._is_chunked:
            data = (chunk(data) if data else b"") + (LAST_CHUNK if is_last else b"")
        self._transport.write(data)
        if is_last:
            self._end()

    def hang_up(self) -> None:
        """Cut the connection: closing it would wait until its client took what was written."""
        self._transport.abort()

    def lose(self) -> None:
        """The client has gone."""
        if not self.response_complete:
            self.response_complete = True
            self._tell()

    def _end(self) -> None:
        self.response_complete = True
        self._tell()
        if not self.keep_alive:
            self._transport.close()
        self._connection.on_response_complete()

    def _tell(self) -> None:
        tell, self._tell_end = self._tell_end, None
        if tell is not None:
            tell()


class Offer:
    """What the server offers for one answer, under `EXTENSION` in its scope. It can be taken once.

    It does not keep what it knows: these keep the scope, and so each other, until somebody looks for garbage.
    """

    __slots__ = ("_connection", "_cycle")

    def __init__(self, connection: Connection, cycle: RequestResponseCycle) -> None:
        self._connection = ref(connection)
        self._cycle: Callable[[], RequestResponseCycle | None] = ref(cycle)

    @property
    def is_whole(self) -> bool:
        """The request has come whole."""
        cycle = self._cycle()
        return cycle is not None and not cycle.more_body

    def answer(self, status_line: bytes, rest: bytes) -> bool:
        """Write a whole answer with the headers that the server adds to each; False if only the usual way will do."""
        cycle = self._cycle()
        if cycle is None or cycle.response_started or cycle.flow.write_paused or not cycle.keep_alive:
            return False
        if cycle.scope["method"] == "HEAD":
            return False
        if cycle.disconnected:
            return True
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        added = [b"%b: %b\r\n" % field for field in cycle.default_headers]  # the date
        cycle.transport.write(b"".join((status_line, *added, rest)))
        cycle.on_response()
        return True

    def hang_up(self) -> None:
        """Cut the connection: closing it would wait until its client took what was written."""
        cycle = self._cycle()
        if cycle is not None:
            cycle.transport.abort()

    async def open_tap(self, send: Send, start: Message) -> Tap | None:
        """Send the head of the answer; its body goes by the tap. None if the request has not come whole, or is gone."""
        cycle, connection, self._cycle = self._cycle(), self._connection(), _taken
        if (
            cycle is None
            or connection is None
            or cycle.more_body
            or cycle.disconnected
            or cycle.scope["method"] == "HEAD"
        ):
            await send(start)
            return None
        if cycle.scope["http_version"] == "1.0":
            cycle.chunked_encoding = False  # that client knows no chunks: its body ends with the connection
        await send(start)
        if cycle.disconnected or connection is None:
            return None
        tap = Tap(
            connection,
            cycle.transport,
            is_chunked=bool(cycle.chunked_encoding),
            keep_alive=cycle.keep_alive,
        )
        cycle.response_complete = True  # for its task, which may end now
        connection.replace_cycle(cycle, tap)
        return tap


def _taken() -> None:
    """In the place of the cycle of an offer that was taken."""


def answer_at_once(scope: Scope, status_line: bytes, rest: bytes) -> bool:
    """Write a whole answer where the server is ours; False if it has to go the usual way.

    Args:
        scope: of the request.
        status_line: with its end.
        rest: the headers, the empty line, the body.
    """
    offer: Offer | None = scope.get("extensions", {}).get(EXTENSION)
    return offer is not None and offer.answer(status_line, rest)


async def open_tap(scope: Scope, send: Send, start: Message) -> Tap | None:
    """Send the head of an answer, and open a tap for its body where the server is ours and can."""
    offer: Offer | None = scope.get("extensions", {}).get(EXTENSION)
    if offer is not None:
        return await offer.open_tap(send, start)
    await send(start)
    return None


@lru_cache(maxsize=8)
def chunk(data: bytes) -> bytes:
    """A piece of a body in chunked encoding, made once for all who are given the same bytes."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def hang_up(scope: Scope) -> None:
    """Cut the connection of a request whose client takes nothing, where the server is ours."""
    offer: Offer | None = scope.get("extensions", {}).get(EXTENSION)
    if offer is not None:
        offer.hang_up()
