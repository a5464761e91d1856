"""Pages of long stories, for watchers that are further behind than feeds in memory reach.

After a restart many come back to the same place of the same story. Each page is read once for all who want it at that
time, and kept for those who come a moment later. What is kept is bounded in bytes, and not for long.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final
from uuid import UUID

from gateway.wire import Event

MOST_BYTES: Final = 16 << 20

Place = tuple[UUID, int]
Read = Callable[[UUID, int], Awaitable[Sequence[Event]]]


class History:
    """The pages that somebody reads, or has just read.

    Args:
        read: reads the page of a task that follows a cursor.
        most_bytes: that pages may take in memory while nobody sends them.
    """

    def __init__(self, *, read: Read, most_bytes: int = MOST_BYTES) -> None:
        self._read = read
        self._most_bytes = most_bytes
        self._pages: dict[Place, Sequence[Event]] = {}
        self._reading: dict[Place, asyncio.Event] = {}
        self.kept_bytes = 0

    async def page(self, task: UUID, *, after: int) -> Sequence[Event]:
        """The events that follow a cursor, a bounded number of them; none if there are none now.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        place = (task, after)
        while (page := self._pages.get(place)) is None:
            reading = self._reading.get(place)
            if reading is None:
                return await self._lead(place)
            await reading.wait()  # if that read fails, or finds nothing, the next of those who wait tries
        return page

    async def _lead(self, place: Place) -> Sequence[Event]:
        done = self._reading[place] = asyncio.Event()
        try:
            page = await self._read(*place)
            self._keep(place, page)
            return page
        finally:
            del self._reading[place]
            done.set()

    def _keep(self, place: Place, page: Sequence[Event]) -> None:
        if not page:
            return  # there may be some a moment later
        self._pages[place] = page
        self.kept_bytes += _cost(page)
        while self.kept_bytes > self._most_bytes:
            oldest = next(iter(self._pages))
            self.kept_bytes -= _cost(self._pages.pop(oldest))

    def forget(self) -> None:
        """Let go of all pages: what they tell may have been removed meanwhile."""
        self._pages.clear()
        self.kept_bytes = 0


def _cost(page: Sequence[Event]) -> int:
    return sum(event.cost for event in page)
