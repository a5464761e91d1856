"""Writes what running attempts tell: events at once and exactly once, of progress the latest ten times a second.

What an attempt told last of its progress, and was not written when it ended, is written with its end.

All attempts of a processor share one statement for their events and one for their progress, so that sixteen tasks that
report ten times a second cost ten statements a second, not a hundred and sixty. What cannot be written now, because
Postgres is away, stays here and is written later; events are numbered when they are told, so that writing them twice is
found out.

Nobody may suffer from a neighbour. An attempt that tells more than can be written waits for `room`, and its child then
waits at the pipe; so what is kept here is bounded. And where Postgres refuses a batch, because of what an event says,
the batch is halved until that event stands alone: it ends its attempt, and the others are written.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import anyio
import asyncpg
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.compact_json import compact
from common.database import REFUSED, TRANSIENT, Pool
from common.lifecycle import Service, Wakeup
from common.notifier import Notifier
from common.queries import load_query
from common.words import EventType
from processor.claim import Claim, Hold

log = logging.getLogger(__name__)

APPEND_EVENTS = load_query("processor", "append_events")
WRITE_PROGRESS = load_query("processor", "write_progress")

PROGRESS_S = 0.1
EVENTS_A_BATCH = 1000
BYTES_A_BATCH = 8 << 20
UNWRITTEN_BYTES = 1 << 20  # what one attempt may have told and not yet written, before it waits


@dataclass(slots=True, kw_only=True)
class _Feed:
    """The feed of one attempt.

    Attributes:
        last_seq: the number of the last event that was told.
        unwritten: bytes that were told and are not written yet.
        refused: Postgres did not take one of its events, so none may follow.
        is_showing: its progress is being written at this moment.
        moved: set when `unwritten` falls or `is_showing` ends; another takes its place then.
    """

    hold: Hold
    last_seq: int
    unwritten: int = 0
    refused: bool = False
    is_showing: bool = False
    moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def falls_to(self, level: int) -> None:
        while self.unwritten > level:
            await self.moved.wait()

    async def has_shown(self) -> None:
        while self.is_showing:
            await self.moved.wait()

    def leave_out(self, count: int) -> None:
        self.unwritten -= count
        self.move()

    def move(self) -> None:
        self.moved.set()
        self.moved = asyncio.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    feed: _Feed
    seq: int
    type: EventType
    data: str


class FeedWriter(Service):
    """The feeds of this processor's running attempts.

    Args:
        on_lost: called with each attempt whose lease turned out to be lost.
        on_refused: called with each attempt that told what Postgres does not take.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        notifier: Notifier,
        on_lost: Callable[[Hold], object],
        on_refused: Callable[[Hold], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._pool = pool
        self._notifier = notifier
        self._on_lost = on_lost
        self._on_refused = on_refused
        self._clock = clock
        self._wakeup = Wakeup()
        self._feeds: dict[Hold, _Feed] = {}
        self._events: list[_Told] = []
        self._progress: dict[Hold, str] = {}
        self._progress_due = 0.0

    def open(self, claim: Claim) -> None:
        """Begin to number the feed of a task that was just claimed."""
        self._feeds[claim.hold] = _Feed(hold=claim.hold, last_seq=claim.seq)

    def close(self, claim: Claim) -> None:
        """Forget an attempt; its progress is of no more interest."""
        self._feeds.pop(claim.hold, None)
        self._progress.pop(claim.hold, None)

    def append(self, claim: Claim, event: EventType, data: Mapping[str, Any]) -> int:
        """Add an event to the feed of an attempt that is open; returns its size."""
        return self.append_text(claim, event, compact(data))

    def append_text(self, claim: Claim, event: EventType, data: str) -> int:
        """The same with data that are JSON already."""
        feed = self._feeds[claim.hold]
        feed.last_seq += 1
        told = _Told(feed=feed, seq=feed.last_seq, type=event, data=data)
        feed.unwritten += len(told.data)
        self._events.append(told)
        self._wakeup.ring()
        return len(told.data)

    def progress(self, claim: Claim, data: Mapping[str, Any]) -> None:
        """Replace the progress of an attempt."""
        self._progress[claim.hold] = compact(data)
        self._wakeup.ring()

    async def room(self, claim: Claim) -> None:
        """Wait until an attempt may tell more."""
        await self._feeds[claim.hold].falls_to(UNWRITTEN_BYTES)

    async def drained(self, claim: Claim) -> bool:
        """Wait until every event that an attempt told is written; False if Postgres refused one of them."""
        feed = self._feeds[claim.hold]
        await feed.falls_to(0)
        return not feed.refused

    async def last_progress(self, claim: Claim) -> str | None:
        """Take an attempt's progress that is not written yet, as JSON; it is to be written with the attempt's end.

        A write that is under way is waited for. It began earlier, and must not replace what is written with the end.
        """
        await self._feeds[claim.hold].has_shown()
        return self._progress.pop(claim.hold, None)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Write until cancelled."""
        ready.started()
        failures = 0
        while True:
            await self._wakeup.wait(at_most=self._patience())
            try:
                await self.flush()
                failures = 0
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                failures += 1
                log.warning("cannot write feeds, will try again", extra={"count": failures, "error": repr(error)})
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.05, most=2.0))

    def _patience(self) -> float | None:
        return max(self._progress_due - self._clock(), 0.0) if self._progress else None

    async def flush(self) -> None:
        """Write the events, and the progress if its time has come.

        Raises:
            One of `TRANSIENT`, asyncpg.PostgresError: it cannot be written now, whatever it says; nothing is lost.
        """
        while self._events:
            await self._write_events(self._next_batch())
        if self._progress and self._clock() >= self._progress_due:
            self._progress_due = self._clock() + PROGRESS_S
            await self._write_progress()

    def _next_batch(self) -> list[_Told]:
        batch: list[_Told] = []
        size = 0
        for told in self._events[:EVENTS_A_BATCH]:
            size += len(told.data)
            if batch and size > BYTES_A_BATCH:
                break
            batch.append(told)
        return batch

    async def _write_events(self, batch: list[_Told]) -> None:
        """Write the events that stand first, and take them off."""
        try:
            if accepted := [told for told in batch if not told.feed.refused]:
                await self._append(accepted)
        except REFUSED as error:
            if len(batch) > 1:
                await self._write_events(batch[: len(batch) // 2])
                await self._write_events(batch[len(batch) // 2 :])
                return
            self._refuse(batch[0].feed, error)
        del self._events[: len(batch)]
        for told in batch:
            told.feed.leave_out(len(told.data))

    async def _append(self, batch: list[_Told]) -> None:
        rows = await self._pool.fetch(
            APPEND_EVENTS,
            [told.feed.hold.task for told in batch],
            [told.feed.hold.lease for told in batch],
            [told.seq for told in batch],
            [told.type.value for told in batch],
            [told.data for told in batch],
        )
        written = {Hold(row["id"], row["lease"]) for row in rows}
        self._notifier.feed_moved(hold.task for hold in written)
        for hold in {told.feed.hold for told in batch} - written:
            self._on_lost(hold)

    def _refuse(self, feed: _Feed, error: asyncpg.PostgresError) -> None:
        log.error("Postgres refused an event", extra={"task": feed.hold.task, "code": error.sqlstate})
        feed.refused = True
        self._on_refused(feed.hold)

    async def _write_progress(self) -> None:
        latest, self._progress = self._progress, {}
        shown = [self._feeds[hold] for hold in latest]
        for feed in shown:
            feed.is_showing = True
        try:
            rows = await self._pool.fetch(
                WRITE_PROGRESS,
                [hold.task for hold in latest],
                [hold.lease for hold in latest],
                list(latest.values()),
            )
        except REFUSED as error:  # the next report replaces it
            log.warning("Postgres refused progress", extra={"count": len(latest), "code": error.sqlstate})
        except (*TRANSIENT, asyncpg.PostgresError):
            # An attempt that lost its lease may have been closed meanwhile; nobody writes for that any more.
            self._progress = {hold: latest[hold] for hold in latest if hold in self._feeds} | self._progress
            raise
        else:
            self._notifier.feed_moved(row["task"] for row in rows)
        finally:
            for feed in shown:
                feed.is_showing = False
                feed.move()
