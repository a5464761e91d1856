"""The one way by which answers of more than 256 KiB go to their clients, whichever route made them.

Such an answer takes room for all of its bytes (gateway.answer_room), is given to the connection piece by piece as the
client takes them, and gives the room back when its last byte has gone. A client that takes nothing for a while is cut
off, and so is one that takes too little for long, lest it keep the room of others. Routes know nothing
of it. But one that knows how much it is about to read, or to be asked to show again, takes the room before it does so
(`take_room`): then who finds none is told so before anything has cost memory, or was done.

Streams have no length, and bounds of their own (gateway.outlet); stored files come in pieces, of which one at a time is
in memory. Both pass unchanged.
"""

import logging
from typing import Final

import anyio
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.answer_room import AnswerRoom, Place
from gateway.caller import find_caller
from gateway.hosts import READING
from gateway.limit_errors import AnswersFullError
from gateway.presented import Presented
from gateway.problems import problem_response
from gateway.tap import hang_up

log = logging.getLogger(__name__)

SMALL_BYTES: Final = 256 << 10
CHUNK_BYTES: Final = 64 << 10
# For one piece. A connection that works takes 64 KiB in seconds, even by telephone; one that hangs (a closed laptop, a
# tunnel) comes back within this or not at all. Streams wait as long.
PATIENCE_S: Final = 30.0
SLOWEST_BYTES_PER_S: Final = 32 << 10  # on the average, once that time has passed: less than a slow telephone's

ROOM: Final = "answer_room"
PLACE: Final = "answer_place"
KEPT: Final = ("location", "connection")  # headers of an answer that is refused


class LargeAnswers:
    """ASGI middleware.

    Args:
        app: what answers.
        room: for large ones.
        patience_s: the time that a client has for each piece.
        slowest_bytes_per_s: how slowly it may take them on the average, once that time has passed.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        room: AnswerRoom,
        patience_s: float = PATIENCE_S,
        slowest_bytes_per_s: float = SLOWEST_BYTES_PER_S,
    ) -> None:
        self._app = app
        self._room = room
        self.patience_s = patience_s
        self.slowest_bytes_per_s = slowest_bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})[ROOM] = self._room
        try:
            await self._app(scope, receive, _Answer(self, scope, receive, send).send)
        finally:
            leave_room(scope)


async def take_room(scope: Scope, count: int, *, is_made: bool) -> None:
    """Room for so many bytes of the answer to a request; none is needed for few. It is given back after the answer.

    Args:
        scope: of the request.
        count: how many, with those that it has room for.
        is_made: they are in memory already.

    Raises:
        AnswersFullError: there was none for a while.
    """
    state = scope.get("state", {})
    if count <= SMALL_BYTES or ROOM not in state:
        return
    place: Place | None = state.get(PLACE)
    if place is None:
        caller, room = find_caller(scope), state[ROOM]
        place = state[PLACE] = room.place("" if caller is None else caller.tenant)
    await place.take(count, is_made=is_made)


def leave_room(scope: Scope) -> None:
    """Give back what the answer to a request has of the room."""
    place: Place | None = scope["state"].pop(PLACE, None)
    if place is not None:
        place.leave()


class _Answer:
    """Passes an answer on; a large one at the pace of its client."""

    __slots__ = ("_ends", "_large", "_length", "_receive", "_scope", "_send", "_start")

    def __init__(self, large: LargeAnswers, scope: Scope, receive: Receive, send: Send) -> None:
        self._large = large
        self._scope = scope
        self._receive = receive
        self._send = send
        self._start: Message | None = None  # of an answer that is large, until its body comes
        self._length = 0
        self._ends = False  # it was refused or cut off: whatever else is sent of it goes nowhere

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._length = _length(message)
            if self._length > SMALL_BYTES and self._scope["method"] != "HEAD":
                self._start = message
                return
            leave_room(self._scope)
        elif self._start is not None:
            start, self._start = self._start, None
            await self._begin(start, message)
            return
        if not self._ends:
            await self._send(message)

    async def _begin(self, start: Message, message: Message) -> None:
        body = message.get("body", b"")
        if len(body) < self._length:
            leave_room(self._scope)
            await self._send(start)
            await self._send(message)
            return
        try:
            await take_room(self._scope, len(body), is_made=True)
        except AnswersFullError as error:
            self._ends = True
            await self._refuse(start, error)
            return
        await self._send(start)
        await self._give(memoryview(body), more=message.get("more_body", False))

    async def _give(self, body: memoryview, *, more: bool) -> None:
        patience_s, slowest = self._large.patience_s, self._large.slowest_bytes_per_s
        began = anyio.current_time()
        for start in range(0, len(body), CHUNK_BYTES):
            end = start + CHUNK_BYTES
            latest = min(anyio.current_time(), began + start / slowest) + patience_s
            with anyio.CancelScope(deadline=latest) as patience:
                await self._send(_piece(body[start:end], more=more or end < len(body)))
            if patience.cancelled_caught:
                await self._cut_off(taken=start)
                return

    async def _cut_off(self, *, taken: int) -> None:
        self._ends = True
        extra = {"request": self._scope["state"].get("request_id"), "bytes": taken, "of": self._length}
        log.info("a client was cut off that did not take its answer", extra=extra)
        hang_up(self._scope)
        await self._send(_piece(memoryview(b""), more=True))  # returns when the connection has ended

    async def _refuse(self, start: Message, error: AnswersFullError) -> None:
        is_done = self._scope["method"] not in READING
        problem = problem_response(_done() if is_done else error, scope=self._scope)
        if is_done:
            del problem.headers["retry-after"]
        headers = Headers(raw=start["headers"])
        for name in KEPT:
            if name in headers:
                problem.headers[name] = headers[name]
        await Presented(problem)(self._scope, self._receive, self._send)


def _length(start: Message) -> int:
    return next((int(value) for name, value in start["headers"] if name == b"content-length"), 0)


def _piece(body: memoryview, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": bytes(body), "more_body": more}


def _done() -> AnswersFullError:
    return AnswersFullError(
        "What was asked for is done, but too many large answers are still being taken to show it.",
        advice="Look at what Location names, or at the list; sent again without the same key or id it is done again.",
    )
