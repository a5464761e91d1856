"""The attempts that this processor has in hand: how many more it takes, and who has which lease.

An attempt gives its place up as soon as its child is done; its lease it keeps until its end is written down.
"""

import asyncio
from collections.abc import Collection

from common.ids import TaskId
from common.lifecycle import Wakeup
from processor.attempt import Attempt
from processor.claim import Ending, Hold


class Slots:
    """Places to run.

    Attributes:
        freed: rung whenever a place becomes free.
        many_freed: rung when half of them are.
    """

    def __init__(self, *, places: int) -> None:
        self.places = places
        self.freed = Wakeup()
        self.many_freed = Wakeup()
        self._attempts: dict[Hold, Attempt] = {}
        self._running: set[Attempt] = set()
        self._closed: Ending | None = None
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def free(self) -> int:
        """How many more attempts may start; no more than as many again may wait to be written down."""
        return min(self.places - len(self._running), 2 * self.places - len(self._attempts))

    @property
    def used(self) -> int:
        """How many attempts run."""
        return len(self._running)

    def many_are_free(self) -> bool:
        """Whether half of the places are free: enough to claim for all of them at once."""
        return 2 * self.free >= self.places

    def take(self, attempt: Attempt) -> None:
        """Give an attempt its place. Another of the same task has lost its lease by that, whether it knows or not."""
        if attempt.claim.lease > 1:  # only the first lease has none before it
            self.end_task(attempt.claim.task, Ending.LEASE_LOST)
        self._attempts[attempt.claim.hold] = attempt
        self._running.add(attempt)
        self._empty.clear()
        if self._closed is not None:
            attempt.end(self._closed)

    def vacate(self, attempt: Attempt) -> None:
        """Free its place: its child is done, and it only waits to be written down."""
        if attempt in self._running:
            self._running.remove(attempt)
            self._ring()

    def leave(self, attempt: Attempt) -> None:
        """Forget it: nothing more is written about it."""
        was_full = self.free <= 0
        self.vacate(attempt)
        del self._attempts[attempt.claim.hold]
        if not self._attempts:
            self._empty.set()
        if was_full:
            self._ring()

    def _ring(self) -> None:
        self.freed.ring()
        if self.many_are_free():
            self.many_freed.ring()

    def holds(self) -> Collection[Hold]:
        """What to renew: the task and the lease of each attempt whose end is not written down."""
        return list(self._attempts)

    def end(self, hold: Hold, reason: Ending) -> bool:
        """End an attempt; True if it was running here and had not reported yet."""
        attempt = self._attempts.get(hold)
        if attempt is None or attempt.reported:
            return False
        attempt.end(reason)
        return True

    def end_task(self, task: TaskId, reason: Ending) -> None:
        """End whatever runs of a task."""
        for hold in self.holds():
            if hold.task == task:
                self.end(hold, reason)

    def end_all(self, reason: Ending) -> None:
        """End whatever runs, and what may still come."""
        self._closed = reason
        for attempt in self._attempts.values():
            attempt.end(reason)

    async def empty(self) -> None:
        """Wait until nothing runs, and all that ran is written down."""
        await self._empty.wait()
