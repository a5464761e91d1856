"""Answers of megabytes: only so many are in memory at once, whoever asks for them and however slowly they are taken.

An answer takes room for all of its bytes before they are read, gives them to the connection piece by piece as the
client takes them, and has a time for it that grows with its size. A client that needs longer is cut off, lest it keep
the room of others.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.limit_errors import AnswersFullError
from gateway.tap import hang_up

WAIT_S: Final = 10.0
CHUNK_BYTES: Final = 64 << 10
PATIENCE_S: Final = 30.0
SLOWEST_BYTES_PER_S: Final = 32 << 10


class AnswerRoom:
    """The memory for large answers.

    Args:
        most_bytes: how much there is; an answer that is larger takes all of it.
        wait_s: how long an answer waits for room.
    """

    def __init__(self, most_bytes: int, *, wait_s: float = WAIT_S) -> None:
        self._most = self._free = most_bytes
        self._wait_s = wait_s
        self._given_back = asyncio.Event()

    @asynccontextmanager
    async def held(self, count: int) -> AsyncIterator[None]:
        """Room for so many bytes.

        Raises:
            AnswersFullError: there was none for a while.
        """
        taken = min(count, self._most)
        with anyio.move_on_after(self._wait_s):
            while self._free < taken:
                await self._given_back.wait()
        if self._free < taken:
            raise AnswersFullError("Too many large answers are still being taken.", advice="Ask again soon.")
        self._free -= taken
        try:
            yield
        finally:
            self._free += taken
            self._given_back.set()
            self._given_back = asyncio.Event()


class LargeAnswer(Response):
    """A body that is read when there is room for it.

    Args:
        size: bytes of the body.
        read: gives the body.
        room: for large answers.
        headers: of the answer.
        media_type: of the body.
        patience_s: the time that every client has.
        slowest_bytes_per_s: for each of these bytes it has a second more.
    """

    def __init__(
        self,
        size: int,
        read: Callable[[], Awaitable[bytes]],
        *,
        room: AnswerRoom,
        headers: Mapping[str, str],
        media_type: str,
        patience_s: float = PATIENCE_S,
        slowest_bytes_per_s: float = SLOWEST_BYTES_PER_S,
    ) -> None:
        super().__init__(headers={**headers, "content-length": str(size)}, media_type=media_type)
        self._size = size
        self._read = read
        self._room = room
        self._time_s = patience_s + size / slowest_bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            AnswersFullError: there is no room.
            SundogError: what reading it raises.
        """
        if scope["method"] == "HEAD":
            await super().__call__(scope, receive, send)
            return
        async with self._room.held(self._size):
            body = memoryview(await self._read())
            await send({"type": "http.response.start", "status": HTTPStatus.OK, "headers": self.raw_headers})
            with anyio.move_on_after(self._time_s) as patience:
                for start in range(0, len(body), CHUNK_BYTES):
                    await send(_piece(body[start : start + CHUNK_BYTES], more=True))
            if patience.cancelled_caught:
                hang_up(scope)
            await send(_piece(memoryview(b""), more=False))


def _piece(body: memoryview, *, more: bool) -> dict[str, object]:
    return {"type": "http.response.body", "body": bytes(body), "more_body": more}
