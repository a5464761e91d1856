"""All streams that are open in this gateway: how many there may be, their heartbeats, their rotation, their end.

Each is looked at three times in the time of a heartbeat, a part of them at a time, so that ten thousand heartbeats do
not fall into one moment.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import anyio
from anyio.abc import TaskStatus
from starlette.types import Send

from common.backoff import jittered
from common.errors import SundogError
from common.lifecycle import Service
from gateway.hub import Hub
from gateway.limit_errors import StreamsFullError, TooManyStreamsError
from gateway.outlet import Line, Outlet
from gateway.settings import StreamSettings
from gateway.tap import Tap

FOR_EVER: Final = float("inf")
FAREWELLS_A_RUN: Final = 100
SOONEST_RETRY_MS: Final = 200


class Waiter(Protocol):
    """An answer that waits for something to happen."""

    def leave(self) -> None:
        """Wait no longer."""

    def put_out(self) -> None:
        """Wait no longer, and read nothing more."""


class Streams(Service):
    """The open streams, and the answers that wait.

    Attributes:
        draining: the gateway is about to stop; no new stream is taken.
        begun: streams so far.
        resumed: those of them whose client came with a cursor.
        refused: requests for which there was no place.
    """

    def __init__(self, *, hub: Hub, settings: StreamSettings) -> None:
        super().__init__()
        self.draining = False
        self.begun = self.resumed = self.refused = 0
        self._hub = hub
        self._settings = settings
        self._outlets: dict[Outlet, str] = {}
        self._waiters: dict[Waiter, str] = {}
        self._open = 0
        self._all_gone = asyncio.Event()
        self._all_gone.set()
        self._open_of: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._open

    @contextmanager
    def admitted(self, caller: str) -> Iterator[None]:
        """A place for one stream of a caller. Taken before the first byte and given back whatever happens.

        Raises:
            StreamsFullError: the gateway has no more places, or stops.
            TooManyStreamsError: the caller has no more places.
        """
        refusal = self._refusal(caller)
        if refusal is not None:
            self.refused += 1
            raise refusal
        self._take(caller)
        try:
            yield
        finally:
            self._give_back(caller)

    def _refusal(self, caller: str) -> SundogError | None:
        if self.draining or self._open >= self._settings.limit:
            return StreamsFullError("This gateway has no room for another stream.", advice="Come back in a moment.")
        if self._open_of[caller] >= self._settings.limit_per_caller:
            return TooManyStreamsError(
                f"You have {self._open_of[caller]} streams open.",
                advice="Close some, or watch many tasks by one stream of /v1/events.",
            )
        return None

    def _take(self, caller: str) -> None:
        self._open += 1
        self._all_gone.clear()
        self._open_of[caller] += 1

    def _give_back(self, caller: str) -> None:
        self._open -= 1
        self._open_of[caller] -= 1
        if not self._open_of[caller]:
            del self._open_of[caller]
        if not self._open:
            self._all_gone.set()

    def callers(self) -> Collection[str]:
        """Who has streams open."""
        return self._open_of.keys()

    def put_out(self, caller: str) -> None:
        """End the streams and the waits of a caller who is let in no longer; whoever still is comes back."""
        for waiter, whose in list(self._waiters.items()):
            if whose == caller:
                waiter.put_out()
        for outlet, whose in list(self._outlets.items()):
            if whose == caller:
                outlet.leave(retry_ms=self._retry_ms())

    def line(self, *, tap: Tap | None, send: Send) -> Line:
        """The way to a client that is about to be streamed to."""
        return Line(
            send=send if tap is None else tap.send,
            write=_cannot_write if tap is None else tap.write,
            hang_up=_cannot_hang_up if tap is None else tap.hang_up,
            on_slow=self._hub.go_on,
            patience_s=self._settings.send_timeout_s,
            retry_ms=self._retry_ms(),
        )

    def leaves_at(self, *, comes_back: bool) -> float:
        """When a stream that begins now rotates, in seconds of the monotonic clock."""
        return time.monotonic() + (jittered(self._settings.rotate_s) if comes_back else FOR_EVER)

    def begin(self, outlet: Outlet, *, caller: str, is_resumed: bool) -> None:
        """Give a stream a place of its own, which outlasts that of its request, heartbeats, rotation and a farewell."""
        self.begun += 1
        self.resumed += is_resumed
        self._take(caller)
        self._outlets[outlet] = caller
        if self.draining:
            outlet.leave(retry_ms=self._retry_ms())

    def end(self, outlet: Outlet, *, caller: str) -> None:
        """The client of a stream has gone."""
        outlet.close()
        self._outlets.pop(outlet, None)
        self._give_back(caller)

    @contextmanager
    def waits(self, waiter: Waiter, *, caller: str) -> Iterator[None]:
        """Tell this waiter when the gateway is about to stop, or lets its caller in no longer."""
        self._waiters[waiter] = caller
        if self.draining:
            waiter.leave()
        try:
            yield
        finally:
            del self._waiters[waiter]

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Look after the streams until cancelled."""
        ready.started()
        period = self._settings.heartbeat_s / 3
        turns = max(round(period), 1)
        turn = 0
        while True:
            await anyio.sleep(period / turns)
            turn = (turn + 1) % turns
            now = time.monotonic()
            for outlet in [each for each in self._outlets if id(each) // 64 % turns == turn]:
                self._look_after(outlet, now=now)

    def _look_after(self, outlet: Outlet, *, now: float) -> None:
        if now >= outlet.leaves_at:
            outlet.leave(retry_ms=self._retry_ms())
        elif now - outlet.quiet_since >= self._settings.heartbeat_s * 2 / 3:
            outlet.ping()

    def _retry_ms(self) -> int:
        """When to come back: not all at once."""
        latest = max(round(self._settings.retry_s * 1000), SOONEST_RETRY_MS)
        return random.randint(SOONEST_RETRY_MS, latest)  # noqa: S311 - no secret

    async def drain(self) -> None:
        """Tell all streams to end, and wait until they have; those that do not take it are cut off."""
        self.draining = True
        for waiter in list(self._waiters):
            waiter.leave()
        for number, outlet in enumerate(list(self._outlets), 1):
            outlet.leave(retry_ms=self._retry_ms())
            if number % FAREWELLS_A_RUN == 0:
                await anyio.lowlevel.checkpoint()
        with anyio.move_on_after(self._settings.drain_s):
            await self._all_gone.wait()
        for outlet in list(self._outlets):
            outlet.hang_up()


def _cannot_write(_data: bytes) -> bool:
    """Then it goes by `send`."""
    return False


def _cannot_hang_up() -> None:
    """Then the server closes the connection when it finds the time."""
