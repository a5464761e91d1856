"""The attempts that run in this processor right now: how many more it takes, and who has which lease."""

import asyncio
from collections.abc import Mapping

from common.ids import TaskId
from common.lifecycle import Wakeup
from processor.attempt import Attempt
from processor.claim import Ending


class Slots:
    """Places to run.

    Attributes:
        freed: rung whenever a place becomes free.
    """

    def __init__(self, *, places: int) -> None:
        self.places = places
        self.freed = Wakeup()
        self._attempts: dict[TaskId, Attempt] = {}
        self._empty = asyncio.Event()
        self._empty.set()

    @property
    def free(self) -> int:
        """How many more attempts may start."""
        return self.places - len(self._attempts)

    def take(self, attempt: Attempt) -> None:
        """Give an attempt its place."""
        self._attempts[attempt.claim.task] = attempt
        self._empty.clear()

    def leave(self, attempt: Attempt) -> None:
        """Free its place."""
        del self._attempts[attempt.claim.task]
        if not self._attempts:
            self._empty.set()
        self.freed.ring()

    def leases(self) -> Mapping[TaskId, int]:
        """What to renew: the lease of each task that runs here."""
        return {task: attempt.claim.lease for task, attempt in self._attempts.items()}

    def end(self, task: TaskId, reason: Ending) -> bool:
        """End the attempt of a task; True if it was running here and had not reported yet."""
        attempt = self._attempts.get(task)
        if attempt is None or attempt.reported:
            return False
        attempt.end(reason)
        return True

    def end_all(self, reason: Ending) -> None:
        """End whatever runs."""
        for attempt in self._attempts.values():
            attempt.end(reason)

    async def empty(self) -> None:
        """Wait until nothing runs."""
        await self._empty.wait()
