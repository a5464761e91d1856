"""One client's stream, as something that can be pushed to: at once if it takes its bytes, at its own pace if not.

                 caught up              pushed, client takes it
       ┌───────────┐ ────────► ┌──────┐ ◄──┐
  ───► │ catching  │           │ live │ ───┘
       │ up        │ ◄──────── └──────┘
       └───────────┘  client     │ nothing more to come, farewell
             │       is slow     ▼
             └────────────► ┌────────┐
               gone, stuck  │ closed │
                            └────────┘

While it is live whoever has news pushes: what is new in one write, without a task. When the client does not take the
bytes, what is left of that write goes to a task that catches up with pauses where the client makes them; meanwhile
nothing is queued, for what is missing is found from the cursor. A client that takes nothing for a while is cut off; it
comes back with its cursor. No write is larger than `CHUNK_BYTES`, so that neither a large event fills the memory that a
stuck client holds, nor a slow one is cut off in the middle of it.

Nothing that goes wrong here may reach whoever pushes: it ends this stream and no other.
"""

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import anyio
from starlette.types import Message, Send

from common.database import TRANSIENT
from gateway.push import Suspended, run_until_it_waits

log = logging.getLogger(__name__)

CHUNK_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The way to one client.

    Attributes:
        send: of its ASGI connection.
        write: writes a piece of the body at once; False if that cannot be done now, or not by this way.
        hang_up: cuts the connection at once, whatever is still to be sent.
        on_slow: is handed an outlet whose client does not take its bytes, with what is left of the write.
        patience_s: how long a client may take nothing.
        retry_ms: when it is to come back if the stream breaks.
    """

    send: Send
    write: Callable[[bytes], bool]
    hang_up: Callable[[], None]
    on_slow: Callable[["Outlet", Suspended | None], None]
    patience_s: float
    retry_ms: int


class Outlet(ABC):
    """A client's place in a stream.

    Attributes:
        is_closed: nothing more will be sent.
        quiet_since: when something was last sent, in seconds of the monotonic clock.
        leaves_at: when its stream rotates, on the same clock.
    """

    __slots__ = ("_busy", "_farewell", "_line", "_owed", "is_closed", "leaves_at", "quiet_since")

    def __init__(self, line: Line, *, leaves_at: float) -> None:
        self.is_closed = False
        self.quiet_since = time.monotonic()
        self.leaves_at = leaves_at
        self._busy = True  # until it has caught up
        self._line = line
        self._owed = b""
        self._farewell: bytes | None = None

    @abstractmethod
    def _next_bytes(self) -> bytes | None:
        """What is to be sent next, or None; moves the cursor past it."""

    def _is_far_behind(self) -> bool:
        """Whether `_come_nearer` is needed before there can be more; most never are."""
        return False

    async def _come_nearer(self) -> None:  # noqa: B027 - only those that can be far behind have to
        """Send what only takes time to get."""

    @abstractmethod
    def _last_words(self) -> bytes | None:
        """What ends the stream, once nothing more will come; None before that."""

    @abstractmethod
    def _heartbeat(self) -> bytes:
        """What says that the stream lives."""

    @abstractmethod
    def _goodbye(self, retry_ms: int) -> bytes:
        """What ends the stream before its end: the client is to come back."""

    async def catch_up(self, rest: Suspended | None = None) -> None:
        """Send what is missing, at the client's pace; returns when it is live, or closed."""
        self._busy = True
        try:
            if rest is not None:
                await self._patiently(rest)
            while not self.is_closed and await self._step():
                pass
        except Exception as error:  # noqa: BLE001 - it ends this stream alone
            self._give_up(error)
        finally:
            self._busy = False

    async def _step(self) -> bool:
        """Send one thing that is missing; False if nothing is, and without waiting after that was seen."""
        if self._farewell is not None:
            await self._end(self._farewell)
        elif self._owed or not self._is_far_behind():
            data = self._take_owed()
            if data is not None:
                await self._write(data)
            elif (words := self._last_words()) is not None:
                await self._end(words)
            else:
                return False
        else:
            await self._come_nearer()
        return True

    def _take_owed(self) -> bytes | None:
        owed, self._owed = self._owed, b""
        if owed and (len(owed) > CHUNK_BYTES or self._is_far_behind()):
            return owed
        return (owed + (self._next_bytes() or b"")) or None

    def push(self) -> None:
        """Send what is new, if the client is live; neither waits nor raises."""
        if self._busy or self.is_closed:
            return
        try:
            self._push()
        except Exception as error:  # noqa: BLE001 - it ends this stream alone
            self._give_up(error)

    def _push(self) -> None:
        if self._is_far_behind():
            self._hand_over(None)
            return
        while (data := self._next_bytes()) is not None:
            if len(data) > CHUNK_BYTES:
                self._owed = data
                self._hand_over(None)
                return
            if not self._write_now(data):
                return
        if (words := self._last_words()) is not None:
            self._end_now(words)

    def ping(self) -> None:
        """Send a heartbeat to a live client; neither waits nor raises."""
        if self._busy or self.is_closed:
            return
        try:
            self._write_now(self._heartbeat())
        except Exception as error:  # noqa: BLE001 - it ends this stream alone
            self._give_up(error)

    def leave(self, *, retry_ms: int) -> None:
        """End the stream in order before its end; neither waits nor raises.

        A client that is catching up is told between two writes.
        """
        if self.is_closed:
            return
        try:
            self._farewell = self._goodbye(retry_ms)
            if not self._busy:
                self._end_now(self._farewell)
        except Exception as error:  # noqa: BLE001 - it ends this stream alone
            self._give_up(error)

    def go_by(self, line: Line) -> None:
        """Go by this line from now on; nothing was sent yet."""
        self._line = line

    def hang_up(self) -> None:
        """Cut it off."""
        self.is_closed = True
        self._line.hang_up()

    def close(self) -> None:
        """The client has gone."""
        self.is_closed = True

    def _give_up(self, error: Exception) -> None:
        known = isinstance(error, TRANSIENT)
        log.log(
            logging.WARNING if known else logging.ERROR,
            "a stream broke",
            extra={"error": repr(error)},
            exc_info=None if known else error,
        )
        self.hang_up()

    def _write_now(self, data: bytes, *, more: bool = True) -> bool:
        """Write without waiting; False if the client does not take it and a task goes on."""
        self.quiet_since = time.monotonic()
        if more and self._line.write(data):
            return True
        rest = run_until_it_waits(self._line.send(_body(data, more=more)))
        if rest is not None:
            self._hand_over(rest)
        return rest is None

    def _hand_over(self, rest: Suspended | None) -> None:
        self._busy = True
        self._line.on_slow(self, rest)

    def _end_now(self, words: bytes) -> None:
        self.is_closed = True
        self._write_now(words, more=False)

    async def _end(self, words: bytes) -> None:
        self.is_closed = True
        await self._patiently(self._line.send(_body(words, more=False)))

    async def _write(self, data: bytes) -> None:
        """Write in pieces, as long as the client takes them."""
        for start in range(0, len(data), CHUNK_BYTES):
            if self.is_closed:
                return
            self.quiet_since = time.monotonic()
            await self._patiently(self._line.send(_body(data[start : start + CHUNK_BYTES], more=True)))

    async def _patiently(self, sending: Awaitable[None]) -> None:
        if not isinstance(sending, Suspended):
            rest = run_until_it_waits(sending)
            if rest is None:
                return  # most never wait, and need nobody who watches how long
            sending = rest
        with anyio.move_on_after(self._line.patience_s) as patience:
            await sending
        if patience.cancelled_caught:
            self.hang_up()


def _body(data: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": data, "more_body": more}
