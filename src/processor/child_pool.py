"""Children that wait for work, because starting one costs more than many an analysis.

    standby   fresh, belongs to nobody; one is always kept ready, so that a pickup never waits for a start
    idle      did a task of some tenant cleanly; used again for that tenant only

A child is used again while it stays clean: its task ended by its own word and left no thread and no process behind, it
has not done too many, its memory has not grown, and it is silent. Whatever was left in its memory is the same tenant's.
In all other cases it is ended.
"""

import logging
from collections import deque
from dataclasses import dataclass
from typing import Final

import anyio
from anyio.abc import TaskStatus

from common.lifecycle import Service, Wakeup
from processor.child_process import Child
from processor.children import Children

log = logging.getLogger(__name__)

MOST_GROWTH_BYTES: Final = 256 << 20


@dataclass(frozen=True, slots=True, eq=False)
class _Idle:
    tenant: str
    child: Child


class ChildPool(Service):
    """Gives children out and takes them back.

    Args:
        places: how many idle children are kept at most.
        most_tasks: after so many a child is ended; 1: none is used again.
    """

    def __init__(self, *, children: Children, places: int, most_tasks: int = 2000) -> None:
        super().__init__()
        self._children = children
        self._places = places
        self._most_tasks = most_tasks
        self._standby: Child | None = None
        self._idle: deque[_Idle] = deque()  # least recently used first
        self._unwanted: list[Child] = []
        self._wakeup = Wakeup()

    async def take(self, tenant: str) -> Child:
        """A child for a task of this tenant.

        Raises:
            OSError: this machine has no room for another.
        """
        for idle in [idle for idle in reversed(self._idle) if idle.tenant == tenant]:
            self._idle.remove(idle)
            if idle.child.is_waiting():
                return idle.child
            self._unwanted.append(idle.child)
        return await self.take_fresh()

    async def take_fresh(self) -> Child:
        """A child that has done no task yet.

        Raises:
            OSError: this machine has no room for another.
        """
        child, self._standby = self._standby, None
        self._wakeup.ring()
        if child is not None and child.is_waiting():
            return child
        if child is not None:
            self._unwanted.append(child)
        return await self._children.start()

    def give_back(self, child: Child, *, tenant: str) -> None:
        """Take a child that ended its task by its own word; it is kept if it is still clean."""
        if child.tasks_done >= self._most_tasks or child.bytes_seen > child.bytes_at_start + MOST_GROWTH_BYTES:
            self._unwanted.append(child)
        else:
            self._idle.append(_Idle(tenant, child))
            if len(self._idle) > self._places:
                self._unwanted.append(self._idle.popleft().child)
        if self._unwanted:
            self._wakeup.ring()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Keep a standby ready and end what is not wanted, until cancelled."""
        self._standby = await self._children.start()
        ready.started()
        try:
            while True:
                await self._wakeup.wait()
                await self._end_unwanted()
                if self._standby is None:
                    await self._make_standby()
        finally:
            with anyio.CancelScope(shield=True):
                self._unwanted += [idle.child for idle in self._idle]
                self._unwanted += [self._standby] if self._standby is not None else []
                await self._end_unwanted()

    async def _make_standby(self) -> None:
        try:
            self._standby = await self._children.start()
        except OSError as error:  # whoever takes a child next tries again
            log.warning("cannot start a child", extra={"error": repr(error)})

    async def _end_unwanted(self) -> None:
        unwanted, self._unwanted = self._unwanted, []
        for child in unwanted:
            await child.end(grace_s=0)
