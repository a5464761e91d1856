"""One contract for everything that lives long.

    async with Service(...) as service:   # started means ready
        ...                               # leaving the block stops it and waits until all of it is gone

A service owns a task group; nothing that it starts outlives it. `stop` may be called from anywhere, any number of
times, also before the start. An error that a service does not handle ends the block it stands in: a part that cannot
work must not look alive.
"""

import asyncio
import logging
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import anyio
from anyio.abc import TaskGroup, TaskStatus

from common.backoff import backoff, jittered

log = logging.getLogger(__name__)


class Service(ABC):
    """Something that starts, runs in the background and stops."""

    def __init__(self) -> None:
        self._group: TaskGroup | None = None

    @abstractmethod
    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Do the work until cancelled; call `ready.started()` once it can be relied on."""

    async def __aenter__(self) -> Self:
        group = anyio.create_task_group()
        await group.__aenter__()
        self._group = group
        try:
            await self._start(group)
        except BaseException:
            # The error itself, not a group around it: who starts a part wants to know why it did not start.
            group.cancel_scope.cancel()
            await group.__aexit__(None, None, None)
            raise
        return self

    async def _start(self, group: TaskGroup) -> None:
        await group.start(lambda *, task_status: self.run(ready=task_status))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self.stop()
        group, self._group = self._group, None
        return await group.__aexit__(kind, error, traceback) if group is not None else None

    def stop(self) -> None:
        """Ask it to end; idempotent, and harmless if it never started. Leaving its block waits for the end."""
        if self._group is not None:
            self._group.cancel_scope.cancel()


class Wakeup:
    """A bell that remembers that it was rung: ringing before the wait is not lost, ringing twice is ringing once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()
        self._waiting = 0

    @property
    def is_awaited(self) -> bool:
        """Somebody waits for it right now."""
        return self._waiting > 0

    def ring(self) -> None:
        """Wake the waiter, or let its next wait return at once."""
        self._rung.set()

    async def wait(self, *, at_most: float | None = None) -> bool:
        """Wait until rung, for `at_most` seconds; True if it was rung."""
        self._waiting += 1
        try:
            with anyio.move_on_after(at_most):
                await self._rung.wait()
        finally:
            self._waiting -= 1
        rung = self._rung.is_set()
        self._rung.clear()
        return rung


class Periodic(Service):
    """Calls `run_once` at start, whenever its bell is rung, and after each interval (jittered) without a ring.

    An error of one round is logged and the next round waits longer; it never ends the service, because the usual cause
    (Postgres is away) passes.
    """

    def __init__(self, *, interval: float, wakeup: Wakeup | None = None) -> None:
        super().__init__()
        self.wakeup = wakeup or Wakeup()
        self._interval = interval
        self._failures = 0

    @abstractmethod
    async def run_once(self) -> object:
        """Do one round; return what was done, typed, for tests and metrics."""

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Rounds until cancelled."""
        ready.started()
        while True:
            if await self._round():
                await self.wakeup.wait(at_most=jittered(self._interval))
            else:
                await anyio.sleep(backoff(self._failures, first=0.1, most=5.0))

    async def _round(self) -> bool:
        try:
            await self.run_once()
        except Exception as error:  # noqa: BLE001 - a round's error is logged; the loop is what keeps the service alive
            self._failures += 1
            log.warning(
                "%s failed, will try again", type(self).__name__, extra={"count": self._failures, "error": repr(error)}
            )
            return False
        self._failures = 0
        return True
