"""One client that watches one feed: a cursor, a form, and how to send.

                 caught up              pushed, client takes it
       ┌───────────┐ ────────► ┌──────┐ ◄──┐
  ───► │ catching  │           │ live │ ───┘
       │ up        │ ◄──────── └──────┘
       └───────────┘  client     │ feed ended, farewell
             │       is slow     ▼
             └────────────► ┌────────┐
               gone, stuck  │ closed │
                            └────────┘

While it is live the hub pushes: all new events and the latest progress in one write, without a task. When the client
does not take the bytes, what is left of that write goes to a task that catches up with pauses where the client makes
them; meanwhile the feed goes on, nothing is queued, and of progress only the latest is sent in the end. A client that
takes nothing for `send_timeout_s` is cut off; it comes back with its cursor.
"""

import time
from collections.abc import Awaitable, Callable

import anyio
from starlette.types import Message, Send

from gateway import wire
from gateway.feed import Feed
from gateway.feed_reader import FeedReader
from gateway.push import Suspended, run_until_it_waits
from gateway.wire import Event, Form

CHUNK_BYTES = 128 << 10


Hangup = Callable[[], None]  # cuts a connection off at once, whatever is still to be sent


class Watcher:
    """A client's place in a feed.

    Attributes:
        seq: the last event that was given to its connection.
        is_closed: nothing more will be sent.
        quiet_since: when something was last sent, in seconds of the monotonic clock.
        leaves_at: when its stream rotates, on the same clock.
    """

    __slots__ = (
        "_busy",
        "_feed",
        "_follow",
        "_form",
        "_hangup",
        "_leaves_with",
        "_on_slow",
        "_reader",
        "_rev",
        "_send",
        "_send_timeout_s",
        "is_closed",
        "leaves_at",
        "quiet_since",
        "seq",
    )

    def __init__(
        self,
        *,
        feed: Feed,
        after: int,
        form: Form,
        follow: bool,
        send: Send,
        reader: FeedReader,
        on_slow: Callable[["Watcher", Suspended | None], None],
        hangup: Hangup,
        send_timeout_s: float,
        leaves_at: float,
    ) -> None:
        self.seq = after
        self.is_closed = False
        self.quiet_since = time.monotonic()
        self.leaves_at = leaves_at
        self._rev = 0
        self._busy = True
        self._leaves_with: bytes | None = None
        self._feed = feed
        self._form = form
        self._follow = follow
        self._send = send
        self._reader = reader
        self._on_slow = on_slow
        self._hangup = hangup
        self._send_timeout_s = send_timeout_s

    async def catch_up(self, rest: Suspended | None = None) -> None:
        """Send what is missing, at the client's pace; returns when it is live, or closed."""
        self._busy = True
        if rest is not None:
            await self._patiently(rest)
        while not self.is_closed:
            if self.seq > self._feed.seq:
                await self._reset(self._feed.seq)
            elif not self._feed.reaches_back_to(self.seq):
                await self._send_history()
            elif self._leaves_with is not None:
                await self._write(self._leaves_with, more=False)
                self.is_closed = True
            elif (chunk := self._next_chunk()) is not None:
                await self._write(chunk)
            elif self._is_over():
                await self._write(self._last_words(), more=False)
                self.is_closed = True
            else:
                break
        self._busy = False

    async def _send_history(self) -> None:
        """Send events that the feed no longer has; if nobody has them, say so and go on with the next that there is."""
        events = await self._reader.history(self._feed.task, after=self.seq)
        next_seq = events[0].seq if events else self._feed.first_seq
        if next_seq != self.seq + 1:
            await self._reset(next_seq - 1)
        for event in events:
            if self.is_closed:
                return
            await self._write(event.encoded(self._form))
            self.seq = event.seq

    async def _reset(self, seq: int) -> None:
        """Say that the cursor is none of this story's, and how the task stands; go on after `seq`."""
        standing = self._feed.standing
        state = standing.state if standing is not None else None
        self.seq = seq
        await self._write(
            wire.reset_of_feed({"seq": seq, "task": str(self._feed.task), "state": state}, form=self._form)
        )

    def push(self) -> None:
        """Send what is new, if the client is live; never waits."""
        if self._busy or self.is_closed:
            return
        if not self._feed.reaches_back_to(self.seq):
            self._hand_over(None)
            return
        while (chunk := self._next_chunk()) is not None:
            if not self._write_now(chunk):
                return
        if self._is_over():
            self.is_closed = True
            self._write_now(self._last_words(), more=False)

    def ping(self) -> None:
        """Send a heartbeat to a live client."""
        beat = wire.heartbeat(form=self._form)
        if beat and not self._busy and not self.is_closed:
            self._write_now(beat)

    def leave(self, *, retry_ms: int) -> None:
        """End the stream in order before its feed has ended; the client will come back with its cursor.

        A client that is catching up is told between two writes.
        """
        self._leaves_with = wire.farewell(retry_ms=retry_ms, form=self._form)
        if not self._busy and not self.is_closed:
            self.is_closed = True
            self._write_now(self._leaves_with, more=False)

    def hang_up(self) -> None:
        """Cut it off."""
        self.is_closed = True
        self._hangup()

    @property
    def may_rotate(self) -> bool:
        """Whether its kind of client comes back by itself."""
        return self._form is Form.SSE

    def close(self) -> None:
        """The client has gone."""
        self.is_closed = True

    def _next_chunk(self) -> bytes | None:
        """The next events up to a size, and the progress after the last one; moves the cursor."""
        parts: list[bytes] = []
        size = 0
        for event in self._feed.after(self.seq):
            if parts and size + len(event.body) > CHUNK_BYTES:
                return b"".join(parts)
            parts.append(self._take(event))
            size += len(parts[-1])
        progress = self._feed.progress
        if progress is not None and progress.rev > self._rev and not self._feed.has_ended and self._follow:
            self._rev = progress.rev
            parts.append(progress.encoded(self._form))
        return b"".join(parts) if parts else None

    def _take(self, event: Event) -> bytes:
        self.seq = event.seq
        return event.encoded(self._form)

    def _is_over(self) -> bool:
        return self.seq >= self._feed.seq and (self._feed.has_ended or not self._follow)

    def _last_words(self) -> bytes:
        return wire.end_of_feed(self.seq, form=self._form) if self._feed.has_ended else b""

    def _write_now(self, chunk: bytes, *, more: bool = True) -> bool:
        """Write without waiting; False if the client does not take it and a task goes on."""
        self.quiet_since = time.monotonic()
        rest = run_until_it_waits(self._send(_body(chunk, more=more)))
        if rest is not None:
            self._hand_over(rest)
        return rest is None

    def _hand_over(self, rest: Suspended | None) -> None:
        self._busy = True
        self._on_slow(self, rest)

    async def _write(self, chunk: bytes, *, more: bool = True) -> None:
        self.quiet_since = time.monotonic()
        await self._patiently(self._send(_body(chunk, more=more)))

    async def _patiently(self, sending: Awaitable[None]) -> None:
        with anyio.move_on_after(self._send_timeout_s) as patience:
            await sending
        if patience.cancelled_caught:
            self.hang_up()


def _body(chunk: bytes, *, more: bool) -> Message:
    return {"type": "http.response.body", "body": chunk, "more_body": more}
