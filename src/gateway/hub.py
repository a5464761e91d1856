"""Turns notifications into wake-ups: one LISTEN connection, one read a batch of woken feeds, one write a watcher.

    NOTIFY ──► woken feeds ──► refresh (two statements) ──► push to each watcher, in runs that yield to the loop
                   ▲
                   └── backstop: now and then, and after each reconnect, all watched feeds are read without a hint

A hint that was lost costs the time to the next backstop, never data. What a backstop finds that no hint had announced
is counted: `missed` should stay 0, and an operator can watch it.

A feed is opened when its first watcher comes, and kept a little after the last has gone: after the loss of a gateway
thousands of clients come at once, and all who ask for the same feed are served by one read.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import anyio
from anyio.abc import TaskStatus

from common.backoff import backoff, jittered
from common.database import TRANSIENT
from common.lifecycle import Service, Wakeup
from gateway.boards import Boards
from gateway.feed import Feed
from gateway.feed_reader import FeedReader
from gateway.push import Suspended
from gateway.watcher import Watcher

log = logging.getLogger(__name__)

PUSHES_A_RUN: Final = 100  # then others get their turn: 100 writes take about a millisecond
FEED_KEPT_S: Final = 5.0


class Hub(Service):
    """All feeds that are watched in this gateway.

    Args:
        reader: reads feeds.
        boards: the dashboards, which are told of every task that moved.
        backstop_s: how often to read all watched feeds without a hint.

    Attributes:
        missed: moves that only a backstop found, and for which no hint came before the next backstop either.
    """

    def __init__(self, *, reader: FeedReader, boards: Boards, backstop_s: float) -> None:
        super().__init__()
        self.missed = 0
        self.reader = reader
        self._boards = boards
        self._backstop_s = backstop_s
        self._feeds: dict[UUID, Feed] = {}
        self._opening: dict[UUID, asyncio.Event] = {}
        self._announced: set[UUID] = set()
        self._suspects: set[UUID] = set()
        self._wakeup = Wakeup()
        self._look_at_all = False
        self._slow: list[tuple[Watcher, Suspended | None]] = []
        self._slow_wakeup = Wakeup()

    def hear(self, words: frozenset[str]) -> None:
        """A hint: the feeds of these tasks moved. Only those that somebody watches are of interest."""
        tasks = {UUID(word) for word in words}
        self._boards.hear(tasks)
        self._suspects -= tasks
        if watched := self._feeds.keys() & tasks:
            self._announced |= watched
            self._wakeup.ring()

    def catch_up(self) -> None:
        """Hints may have been lost: look at everything that is watched."""
        self._look_at_all = True
        self._boards.catch_up()
        self._wakeup.ring()

    @asynccontextmanager
    async def feed(self, task: UUID) -> AsyncIterator[Feed]:
        """The feed of a task, read at least once; it is kept up to date while it is used."""
        feed = self._feeds.get(task)
        if feed is None:
            feed = self._feeds[task] = Feed(task)
            self._opening[task] = asyncio.Event()
        feed.users += 1
        try:
            if not feed.is_read:
                self._announced.add(task)
                self._wakeup.ring()
                await self._opening[task].wait()
            yield feed
        finally:
            feed.users -= 1
            feed.unused_since = time.monotonic()

    def go_on(self, watcher: Watcher, rest: Suspended | None) -> None:
        """A client does not take its bytes: let a task go on with it."""
        self._slow.append((watcher, rest))
        self._slow_wakeup.ring()

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Refresh and push until cancelled."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._refresh_woken)
            group.start_soon(self._look_now_and_then)
            group.start_soon(self._serve_slow)
            ready.started()

    async def _look_now_and_then(self) -> None:
        while True:
            await anyio.sleep(jittered(self._backstop_s))
            self._forget_unused()
            self.missed += len(self._suspects)
            self._suspects.clear()
            self._look_at_all = True
            self._wakeup.ring()

    def _forget_unused(self) -> None:
        long_ago = time.monotonic() - FEED_KEPT_S
        for task, feed in list(self._feeds.items()):
            if not feed.users and feed.unused_since < long_ago:
                del self._feeds[task]
                self._opening.pop(task, None)

    async def _serve_slow(self) -> None:
        async with anyio.create_task_group() as group:
            while True:
                await self._slow_wakeup.wait()
                slow, self._slow = self._slow, []
                for watcher, rest in slow:
                    group.start_soon(watcher.catch_up, rest)

    async def _refresh_woken(self) -> None:
        failures = 0
        while True:
            await self._wakeup.wait()
            announced, self._announced = self._announced, set()
            look_at_all, self._look_at_all = self._look_at_all, False
            try:
                await self.refresh(announced, unannounced=look_at_all)
                failures = 0
            except TRANSIENT as error:
                failures += 1
                log.warning("cannot read feeds, will try again", extra={"count": failures, "error": repr(error)})
                self._announced |= announced
                self._look_at_all |= look_at_all
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.05, most=2.0))

    async def refresh(self, announced: Iterable[UUID], *, unannounced: bool) -> int:
        """Read the announced feeds, or all, and push what is new; returns how many feeds moved."""
        woken = {task: self._feeds[task] for task in announced if task in self._feeds}
        feeds = dict(self._feeds) if unannounced else woken
        if not feeds:
            return 0
        old = {feed for feed in feeds.values() if feed.is_read}
        moved = await self.reader.refresh(list(feeds.values()))
        # Its hint may still be on the way: it counts as missed only if that has not come when the next backstop looks.
        self._suspects |= {feed.task for feed in moved & old if feed.task not in woken}
        for task in feeds:
            if opening := self._opening.pop(task, None):
                opening.set()
        await self._push(moved)
        return len(moved)

    async def _push(self, feeds: Iterable[Feed]) -> None:
        pushed = 0
        for feed in feeds:
            for watcher in list(feed.watchers):
                watcher.push()
                pushed += 1
                if pushed % PUSHES_A_RUN == 0:
                    await anyio.lowlevel.checkpoint()
