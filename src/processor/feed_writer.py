"""Writes what running attempts tell: events at once and exactly once, of progress the latest ten times a second.

All tasks of a processor share one statement for their events and one for their progress, so that sixteen tasks that
report ten times a second cost ten statements a second, not a hundred and sixty. What cannot be written now, because
Postgres is away, stays here and is written later; events are numbered when they are told, so that writing them twice is
found out.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import anyio
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.database import TRANSIENT, Pool
from common.ids import TaskId
from common.lifecycle import Service, Wakeup
from common.notifier import Notifier
from common.queries import load_query
from common.words import EventType
from processor.claim import Claim

log = logging.getLogger(__name__)

APPEND_EVENTS = load_query("processor", "append_events")
WRITE_PROGRESS = load_query("processor", "write_progress")

PROGRESS_S = 0.1
EVENTS_A_BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    task: TaskId
    lease: int
    seq: int
    type: EventType
    data: str


class FeedWriter(Service):
    """The feeds of this processor's running tasks.

    Args:
        on_lost: called with each task whose lease turned out to be lost.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        notifier: Notifier,
        on_lost: Callable[[TaskId], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._pool = pool
        self._notifier = notifier
        self._on_lost = on_lost
        self._clock = clock
        self._wakeup = Wakeup()
        self._events: list[_Told] = []
        self._progress: dict[TaskId, tuple[int, str]] = {}
        self._last_seq: dict[TaskId, int] = {}
        self._progress_due = 0.0
        self._drained: asyncio.Event = asyncio.Event()
        self._drained.set()

    def open(self, claim: Claim) -> None:
        """Begin to number the feed of a task that was just claimed."""
        self._last_seq[claim.task] = claim.seq

    def close(self, claim: Claim) -> None:
        """Forget a task; its progress is of no more interest."""
        self._last_seq.pop(claim.task, None)
        self._progress.pop(claim.task, None)

    def append(self, claim: Claim, event: EventType, data: Mapping[str, Any]) -> None:
        """Add an event to the feed of a task that is open."""
        seq = self._last_seq[claim.task] = self._last_seq[claim.task] + 1
        self._events.append(
            _Told(task=claim.task, lease=claim.lease, seq=seq, type=event, data=json.dumps(data, separators=(",", ":")))
        )
        self._drained.clear()
        self._wakeup.ring()

    def progress(self, claim: Claim, data: Mapping[str, Any]) -> None:
        """Replace the progress of a task."""
        self._progress[claim.task] = (claim.lease, json.dumps(data, separators=(",", ":")))
        self._wakeup.ring()

    async def drained(self) -> None:
        """Wait until every event that was told so far is written."""
        await self._drained.wait()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Write until cancelled."""
        ready.started()
        failures = 0
        while True:
            await self._wakeup.wait(at_most=self._patience())
            try:
                await self.flush()
                failures = 0
            except TRANSIENT as error:
                failures += 1
                log.warning("cannot write feeds, will try again", extra={"count": failures, "error": repr(error)})
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.05, most=2.0))

    def _patience(self) -> float | None:
        return max(self._progress_due - self._clock(), 0.0) if self._progress else None

    async def flush(self) -> None:
        """Write the events, and the progress if its time has come.

        Raises:
            One of `TRANSIENT`: Postgres is away; nothing is lost, call again.
        """
        while self._events:
            await self._flush_events(self._events[:EVENTS_A_BATCH])
        self._drained.set()
        if self._progress and self._clock() >= self._progress_due:
            self._progress_due = self._clock() + PROGRESS_S
            await self._flush_progress()

    async def _flush_events(self, batch: list[_Told]) -> None:
        rows = await self._pool.fetch(
            APPEND_EVENTS,
            [told.task for told in batch],
            [told.lease for told in batch],
            [told.seq for told in batch],
            [told.type.value for told in batch],
            [told.data for told in batch],
        )
        del self._events[: len(batch)]
        written = {TaskId(row["id"]) for row in rows}
        self._notifier.feed_moved(written)
        for task in {told.task for told in batch} - written:
            self._on_lost(task)

    async def _flush_progress(self) -> None:
        latest, self._progress = self._progress, {}
        try:
            rows = await self._pool.fetch(
                WRITE_PROGRESS,
                list(latest),
                [lease for lease, _ in latest.values()],
                [data for _, data in latest.values()],
            )
        except TRANSIENT:
            self._progress = latest | self._progress
            raise
        self._notifier.feed_moved(row["task"] for row in rows)
