"""One client that watches one feed: a cursor, and a form.

The cursor is the last event that was given to its connection, and the rev of the progress; all else is the feed's. So
of the progress only the latest is sent in the end, however many a slow client missed.
"""

from typing import Final

from gateway import wire
from gateway.feed import CHUNK_BYTES, Feed
from gateway.feed_reader import FeedReader
from gateway.outlet import Line, Outlet
from gateway.wire import Form, chunk_of

BEYOND_ALL: Final = 2**63  # no rev is


class Watcher(Outlet):
    """A client's place in a feed.

    Attributes:
        seq: the last event that was given to its connection.
    """

    __slots__ = ("_feed", "_follow", "_form", "_is_lost", "_reader", "_rev", "seq")

    def __init__(
        self, line: Line, *, feed: Feed, after: int, form: Form, follow: bool, reader: FeedReader, leaves_at: float
    ) -> None:
        """It has yet to catch up.

        Args:
            line: the way to the client.
            feed: what it watches; read since the client asked, so that an event that is not in it is in none.
            after: the last event that the client saw.
            form: how the client wants it.
            follow: go on when history is told; else end there, without the progress.
            reader: of the history that the feed in memory has no more.
            leaves_at: when the stream rotates, in seconds of the monotonic clock.
        """
        super().__init__(line, leaves_at=leaves_at)
        self._feed = feed
        self._form = form
        self._follow = follow
        self._reader = reader
        self._is_lost = after > feed.seq
        self._rev = 0 if follow else BEYOND_ALL
        self.seq = after
        self._owed = wire.first_words(retry_ms=line.retry_ms, form=form)

    def _next_bytes(self) -> bytes | None:
        chunk = self._feed.next_chunk(self.seq, self._rev, form=self._form)
        if chunk is None:
            return None
        self.seq, self._rev = chunk.seq, chunk.rev
        return chunk.data

    def _is_far_behind(self) -> bool:
        return self._is_lost or not self._feed.reaches_back_to(self.seq)

    async def _come_nearer(self) -> None:
        if self._is_lost:
            self._is_lost = False
            await self._reset(self._feed.seq)
        else:
            await self._send_history()

    async def _send_history(self) -> None:
        """Send events that the feed no longer has; if nobody has them, say so and go on with the next that there is."""
        first_kept = self._feed.first_seq
        events = await self._reader.history(self._feed.task, after=self.seq, before=first_kept)
        next_seq = events[0].seq if events else first_kept
        if next_seq != self.seq + 1:
            await self._reset(next_seq - 1)
        while events and not self.is_closed and self._farewell is None:
            data, self.seq = chunk_of(events, form=self._form, most_bytes=CHUNK_BYTES)
            events = [event for event in events if event.seq > self.seq]
            await self._write(data)

    async def _reset(self, seq: int) -> None:
        """Say that the cursor is none of this story's, and how the task stands; go on after `seq`."""
        standing = self._feed.standing
        state = standing.state if standing is not None else None
        self.seq = seq
        await self._write(
            wire.reset_of_feed({"seq": seq, "task": str(self._feed.task), "state": state}, form=self._form)
        )

    def _last_words(self) -> bytes | None:
        if self._feed.has_ended:
            return wire.end_of_feed(self.seq, form=self._form)
        return None if self._follow else b""

    def _heartbeat(self) -> bytes:
        standing = self._feed.standing
        return wire.heartbeat(form=self._form, state=standing.state if standing is not None else None)

    def _goodbye(self, retry_ms: int) -> bytes:
        return wire.farewell(retry_ms=retry_ms, form=self._form)
