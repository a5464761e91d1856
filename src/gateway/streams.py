"""All streams that are open in this gateway: how many there may be, their heartbeats, their rotation, their end.

One round a second looks at a fifteenth of them, so that ten thousand heartbeats do not fall into one moment.
"""

import asyncio
import logging
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import anyio
from anyio.abc import TaskStatus
from starlette.types import Send

from common.backoff import jittered
from common.lifecycle import Service
from gateway.boards import Boards
from gateway.errors import StreamsFullError, TooManyStreamsError
from gateway.feed import Feed
from gateway.feed_request import FeedAsked
from gateway.hub import Hub
from gateway.settings import StreamSettings
from gateway.watcher import Hangup, Watcher

log = logging.getLogger(__name__)

FOR_EVER: Final = float("inf")
FAREWELLS_A_RUN: Final = 100


class Streams(Service):
    """The open streams.

    Attributes:
        draining: the gateway is about to stop; no new stream is taken.
    """

    def __init__(self, *, hub: Hub, boards: Boards, settings: StreamSettings) -> None:
        super().__init__()
        self.draining = False
        self._hub = hub
        self._boards = boards
        self._settings = settings
        self._watchers: set[Watcher] = set()
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
        if self.draining or self._open >= self._settings.limit:
            raise StreamsFullError("This gateway has no room for another stream.", advice="Come back in a moment.")
        if self._open_of[caller] >= self._settings.limit_per_caller:
            raise TooManyStreamsError(
                f"You have {self._open_of[caller]} streams open.",
                advice="Close some, or watch many tasks by one stream of /v1/events.",
            )
        self._open += 1
        self._all_gone.clear()
        self._open_of[caller] += 1
        try:
            yield
        finally:
            self._open -= 1
            self._open_of[caller] -= 1
            if not self._open_of[caller]:
                del self._open_of[caller]
            if not self._open:
                self._all_gone.set()

    @contextmanager
    def watcher(self, asked: FeedAsked, *, feed: Feed, send: Send, hangup: Hangup) -> Iterator[Watcher]:
        """A watcher that the hub pushes to as long as the block lasts."""
        lasts = jittered(self._settings.rotate_s) if asked.comes_back else FOR_EVER
        watcher = Watcher(
            feed=feed,
            after=asked.after or 0,
            form=asked.form,
            follow=asked.follow,
            send=send,
            reader=self._hub.reader,
            on_slow=self._hub.go_on,
            hangup=hangup,
            send_timeout_s=self._settings.send_timeout_s,
            leaves_at=time.monotonic() + lasts,
        )
        self._watchers.add(watcher)
        feed.watchers.add(watcher)
        try:
            yield watcher
        finally:
            watcher.close()
            feed.watchers.discard(watcher)
            self._watchers.discard(watcher)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Look after the streams until cancelled."""
        ready.started()
        rounds = max(round(self._settings.heartbeat_s), 1)
        turn = 0
        while True:
            await anyio.sleep(self._settings.heartbeat_s / rounds)
            turn = (turn + 1) % rounds
            now = time.monotonic()
            for watcher in [each for each in self._watchers if id(each) // 64 % rounds == turn]:
                self._look_after(watcher, now=now)

    def _look_after(self, watcher: Watcher, *, now: float) -> None:
        if now >= watcher.leaves_at:
            watcher.leave(retry_ms=self._retry_ms())
        elif now - watcher.quiet_since >= self._settings.heartbeat_s * 0.9:
            watcher.ping()

    def _retry_ms(self) -> int:
        """When to come back: not all at once."""
        return random.randint(200, max(round(self._settings.retry_s * 1000), 201))  # noqa: S311 - no secret

    async def drain(self) -> None:
        """Tell all streams to end, and wait until they have; those that do not take it are cut off."""
        self.draining = True
        self._boards.leave()
        for number, watcher in enumerate(list(self._watchers), 1):
            watcher.leave(retry_ms=self._retry_ms())
            if number % FAREWELLS_A_RUN == 0:
                await anyio.lowlevel.checkpoint()
        with anyio.move_on_after(self._settings.drain_s):
            await self._all_gone.wait()
        for watcher in list(self._watchers):
            watcher.hang_up()
