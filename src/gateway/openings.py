"""Who waits until a feed was read: for the first time, or again, by a read that begins after the wait did."""

import asyncio
from collections.abc import Iterable, Mapping
from uuid import UUID

import anyio

Waiting = Mapping[UUID, set[asyncio.Event]]


class Openings:
    """Those who wait, by task."""

    def __init__(self) -> None:
        self._waiting: dict[UUID, set[asyncio.Event]] = {}

    async def wait(self, task: UUID, *, at_most: float) -> None:
        """Wait for a read of this task's feed.

        Raises:
            TimeoutError: none succeeded in time.
        """
        done = asyncio.Event()
        self._waiting.setdefault(task, set()).add(done)
        try:
            with anyio.fail_after(at_most):
                await done.wait()
        finally:
            done.set()
            waiting = self._waiting.get(task, set())
            waiting.discard(done)
            if not waiting:
                self._waiting.pop(task, None)

    def take(self, tasks: Iterable[UUID]) -> Waiting:
        """Those who wait for these tasks: a read of them is about to begin."""
        return {task: self._waiting.pop(task) for task in tasks if task in self._waiting}

    def give_back(self, taken: Waiting) -> None:
        """The read failed: they wait for the next."""
        for task, waiting in taken.items():
            if patient := {done for done in waiting if not done.is_set()}:
                self._waiting.setdefault(task, set()).update(patient)


def let_in(taken: Waiting) -> None:
    """The read succeeded."""
    for waiting in taken.values():
        for done in waiting:
            done.set()
