"""Work that many ask for at once, done together.

Who comes first starts at once, alone: nobody waits for company. Who comes while that goes on gathers, and all of them
share the next turn, and so on: the busier it is, the more share a turn, and there is no time to choose. Each turn is
run by one of those who take part in it; so there is no task beside the requests, and nothing to start or to stop.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

import anyio

Item = TypeVar("Item")
Result = TypeVar("Result")


class _Seat(Generic[Item, Result]):
    """Somebody who waits for a turn."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.results: list[Result] = []  # one, once there is one
        self.error: BaseException | None = None
        self.leads = False
        self.woken = asyncio.Event()


class Shared(Generic[Item, Result]):
    """Gathers items and does them together.

    Args:
        do: does some items; gives a result for each, in their order. Its error is everybody's.
        most: how many it takes at once.
        weigh: how much of a turn one is; the first of a turn may be more than all of it.
        most_weight: how much all of a turn may be.
        apart: what no two items of a turn may have in common, None for nothing; the second waits for a later turn.
    """

    def __init__(
        self,
        do: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]],
        *,
        most: int,
        weigh: Callable[[Item], int] = lambda _item: 0,
        most_weight: int = 0,
        apart: Callable[[Item], Hashable] = lambda _item: None,
    ) -> None:
        self._do = do
        self._most = most
        self._weigh = weigh
        self._most_weight = most_weight
        self._apart = apart
        self._waiting: deque[_Seat[Item, Result]] = deque()
        self._is_busy = False

    async def take(self, item: Item) -> Result:
        """The result of this item, done together with those of others.

        Raises:
            Whatever `do` raises for the turn that it was in.
        """
        seat: _Seat[Item, Result] = _Seat(item)
        self._waiting.append(seat)
        if self._is_busy:
            await self._wait(seat)
        if not seat.woken.is_set() or seat.leads:
            await self._lead()
        if seat.error is not None:
            raise seat.error
        return seat.results[0]

    async def _wait(self, seat: _Seat[Item, Result]) -> None:
        try:
            await seat.woken.wait()
        except BaseException:  # who asked has gone
            if seat in self._waiting:
                self._waiting.remove(seat)
            if seat.leads:
                self._pass_on()
            raise

    async def _lead(self) -> None:
        """Do a turn. It is not broken off when the one that leads is: the others' items are in it."""
        self._is_busy = True
        turn = self._next_turn()
        try:
            with anyio.CancelScope(shield=True):
                results = await self._do([seat.item for seat in turn])
            for seat, result in zip(turn, results, strict=True):
                seat.results.append(result)
        except BaseException as error:  # noqa: BLE001 - each who takes part raises it
            for seat in turn:
                seat.error = error
        finally:
            for seat in turn:
                seat.woken.set()
            self._pass_on()

    def _next_turn(self) -> Sequence[_Seat[Item, Result]]:
        """The first that may go together; the very first, which leads, always does."""
        turn: list[_Seat[Item, Result]] = []
        passed_over: list[_Seat[Item, Result]] = []
        marks: set[Hashable] = set()
        weight = 0
        while self._waiting and len(turn) < self._most:
            weight += self._weigh(self._waiting[0].item)
            if turn and weight > self._most_weight:
                break
            seat = self._waiting.popleft()
            mark = self._apart(seat.item)
            (passed_over if mark in marks else turn).append(seat)
            if mark is not None:
                marks.add(mark)
        self._waiting.extendleft(reversed(passed_over))
        return turn

    def _pass_on(self) -> None:
        self._is_busy = bool(self._waiting)
        if self._waiting:
            self._waiting[0].leads = True
            self._waiting[0].woken.set()
