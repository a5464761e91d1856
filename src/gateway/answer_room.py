"""The memory that large answers share: only so much of it is in use at once, whoever asks and however slowly they take.

Who finds no room waits for it in line, for a while. A tenant has half of it at most, however much is free, so that
one that does not take its answers shuts out nobody but itself (two that do it together are cut off, each answer after a
while). Whose share is used up is passed over in the line until some of it is back; everybody else keeps their place.

Nobody waits with room in hand: who needs more than is there gives back what they have, and queues for the whole. Else
many that each have some, and each wait for a little more, would wait for one another.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import anyio

from gateway.limit_errors import AnswersFullError

WAIT_S: Final = 10.0
SHARE: Final = 2  # a tenant has at most this part of the room
WAITING_SHARE: Final = 8  # and answers that are made already may wait up to this part: they are in memory while they do


@dataclass(eq=False, slots=True)
class _Waiter:
    tenant: str
    count: int
    is_made: bool
    is_in: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)


class AnswerRoom:
    """The room of one gateway.

    Args:
        most_bytes: how much there is.
        wait_s: how long an answer waits for room.
    """

    def __init__(self, most_bytes: int, *, wait_s: float = WAIT_S) -> None:
        self._most = self._free = most_bytes
        self._share = max(most_bytes // SHARE, 1)
        self.wait_s = wait_s
        self._held: Counter[str] = Counter()
        self._line: list[_Waiter] = []

    def place(self, tenant: str) -> "Place":
        """A place for one answer to a tenant; it holds nothing yet."""
        return Place(self, tenant=tenant, most=self._share)

    async def take(self, tenant: str, count: int, *, is_made: bool) -> None:
        """So many bytes, which are given back by `give_back`.

        Args:
            tenant: whose share they are of.
            count: how many; no more than the share.
            is_made: they are in memory already.

        Raises:
            AnswersFullError: there was no room for a while, or too many that are made already wait for it.
        """
        waiter = self._join(tenant, count, is_made=is_made)
        if waiter.is_in:
            return
        try:
            if self._waiting_made() <= self._most // WAITING_SHARE:
                with anyio.move_on_after(self.wait_s):
                    await waiter.woken.wait()
        except BaseException:
            if waiter.is_in:  # in the same moment
                self.give_back(tenant, count)
            raise
        finally:
            if not waiter.is_in:
                self._line.remove(waiter)
                self._let_in()  # those behind it, which may need less
        if not waiter.is_in:
            raise AnswersFullError("Too many large answers are still being taken.", advice="Ask again soon.")

    def take_now(self, tenant: str, count: int) -> bool:
        """So many bytes, if they can be had without waiting."""
        waiter = self._join(tenant, count, is_made=False)
        if not waiter.is_in:
            self._line.remove(waiter)
        return waiter.is_in

    def _join(self, tenant: str, count: int, *, is_made: bool) -> _Waiter:
        waiter = _Waiter(tenant, count, is_made)
        self._line.append(waiter)
        self._let_in()
        return waiter

    def give_back(self, tenant: str, count: int) -> None:
        """They are in use no longer."""
        self._free += count
        self._held[tenant] -= count
        if not self._held[tenant]:
            del self._held[tenant]
        self._let_in()

    def _let_in(self) -> None:
        """Those whose turn it is: nobody overtakes, but those whose tenant has its share."""
        passed_over = set()
        for waiter in list(self._line):
            if waiter.tenant in passed_over:
                continue
            if self._held[waiter.tenant] + waiter.count > self._share:
                passed_over.add(waiter.tenant)
            elif waiter.count > self._free:
                break
            else:
                self._admit(waiter)

    def _admit(self, waiter: _Waiter) -> None:
        self._line.remove(waiter)
        self._free -= waiter.count
        self._held[waiter.tenant] += waiter.count
        waiter.is_in = True
        waiter.woken.set()

    def _waiting_made(self) -> int:
        return sum(waiter.count for waiter in self._line if waiter.is_made)


class Place:
    """What one answer holds of the room.

    Args:
        room: of which.
        tenant: whose share it is of.
        most: the share; an answer that is larger takes all of it.
    """

    __slots__ = ("_held", "_most", "_room", "_tenant")

    def __init__(self, room: AnswerRoom, *, tenant: str, most: int) -> None:
        self._room = room
        self._tenant = tenant
        self._most = most
        self._held = 0

    async def take(self, count: int, *, is_made: bool) -> None:
        """So many bytes in all, with those that it holds already.

        Raises:
            AnswersFullError: there was no room.
        """
        wanted = min(count, self._most)
        more = wanted - self._held
        if more <= 0:
            return
        if not self._room.take_now(self._tenant, more):
            self.leave()
            await self._room.take(self._tenant, wanted, is_made=is_made)
        self._held = wanted

    def leave(self) -> None:
        """Give all of it back."""
        held, self._held = self._held, 0
        if held:
            self._room.give_back(self._tenant, held)
