"""Turns notifications into wake-ups: one LISTEN connection, one read a batch of woken feeds, one write a watcher.

    NOTIFY ──► woken feeds ──► refresh (two statements) ──► push to each watcher, in runs that yield to the loop
                   ▲
                   └── backstop: now and then, and after each reconnect, all watched feeds are read without a hint

A hint that was lost costs the time to the next backstop, never data. What a backstop finds that no hint had announced
is counted: `missed` should stay 0, and an operator can watch it. Where nobody notifies, the same look is the only one:
then it comes a few times a second and there is nothing to count.

A feed is opened when its first watcher comes, and kept a little after the last has gone: after the loss of a gateway
thousands of clients come at once, and all who ask for the same feed are served by one read. A round reads so many feeds
and no more, those that are being watched already before those that are opened, so that such a storm does not hold up
who was there before.
"""

import logging
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import Final
from uuid import UUID

import anyio
from anyio.abc import TaskStatus

from common.backoff import backoff, jittered
from common.database import TRANSIENT
from common.lifecycle import Service, Wakeup
from gateway.boards import Boards
from gateway.feed import Feed, Subscriber
from gateway.feed_reader import FeedReader, trim
from gateway.openings import Openings, let_in
from gateway.outlet import Outlet
from gateway.push import Suspended

log = logging.getLogger(__name__)

PUSHES_A_RUN: Final = 100  # then others get their turn: 100 writes take about a millisecond
FEEDS_A_ROUND: Final = 250
GATHER_S: Final = 0.005  # after a round, while there is more to do
FEED_KEPT_S: Final = 5.0


class Hub(Service):
    """All feeds that are watched in this gateway.

    Args:
        reader: reads feeds.
        boards: the dashboards, which are told of every task that moved.
        look_s: how often to read all watched feeds without a hint.
        is_hinted: hints are sent, so such a look should find nothing.
        open_s: how long a watcher waits for its feed to be read.

    Attributes:
        looks: at all watched feeds, without a hint.
        slowed: how often a client did not take its bytes at once.
        missed: moves that only a backstop found, and for which no hint came before the next backstop either.
    """

    def __init__(
        self, *, reader: FeedReader, boards: Boards, look_s: float, is_hinted: bool = True, open_s: float = 5.0
    ) -> None:
        super().__init__()
        self.looks = 0
        self.missed = 0
        self.slowed = 0
        self.reader = reader
        self._boards = boards
        self._look_s = look_s
        self._is_hinted = is_hinted
        self._open_s = open_s
        self._feeds: dict[UUID, Feed] = {}
        self._openings = Openings()
        self._announced: set[UUID] = set()
        self._unannounced: set[UUID] = set()
        self._suspects: set[UUID] = set()
        self._wakeup = Wakeup()
        self._slow: list[tuple[Outlet, Suspended | None]] = []
        self._slow_wakeup = Wakeup()

    def __len__(self) -> int:
        return len(self._feeds)

    def hear(self, words: frozenset[str]) -> None:
        """A hint: the feeds of these tasks moved. Only those that somebody watches are of interest."""
        tasks = set(_ids(words))
        self._boards.hear(tasks)
        self._suspects -= tasks
        self._announce(self._feeds.keys() & tasks)

    def catch_up(self) -> None:
        """Hints were lost, as the listener knows: look at everything that is watched."""
        self._boards.catch_up()
        self._announce(set(self._feeds))

    def _announce(self, tasks: set[UUID]) -> None:
        if tasks:
            self._announced |= tasks
            self._wakeup.ring()

    @asynccontextmanager
    async def feed(self, task: UUID, *, at_least: int = 0, is_fresh: bool = False) -> AsyncIterator[Feed]:
        """The feed of a task, read at least once; it is kept up to date while it is used.

        One that seems to have ended is read again: its task may have been asked for anew, and who is told of an end
        does not come back.

        Args:
            task: whose feed; its `standing` is None if there is no such task.
            at_least: an event that a client saw already, perhaps by another gateway that was ahead of this one. If the
                feed has not come so far it is read again before anybody says that there is no such event.
            is_fresh: read it in any case, for who will not wait for what comes next.

        Raises:
            TimeoutError: it could not be read in time.
        """
        feed = self._feeds.get(task)
        if feed is None:
            feed = self._feeds[task] = Feed(task)
        feed.users += 1
        try:
            if is_fresh or feed.standing is None or feed.seq < at_least or feed.has_ended:
                self._announce({task})
                await self._openings.wait(task, at_most=self._open_s)
            yield feed
        finally:
            self._let_go(feed)

    def watch(self, feed: Feed, subscriber: Subscriber) -> Callable[[], None]:
        """Tell a subscriber whenever a feed moves, and keep the feed until what this returns was called."""
        feed.users += 1
        feed.subscribers.add(subscriber)
        return partial(self._unwatch, feed, subscriber)

    def _unwatch(self, feed: Feed, subscriber: Subscriber) -> None:
        feed.subscribers.discard(subscriber)
        self._let_go(feed)

    def _let_go(self, feed: Feed) -> None:
        feed.users -= 1
        feed.unused_since = time.monotonic()
        if not feed.users and feed.standing is None:
            self._feeds.pop(feed.task, None)

    def go_on(self, outlet: Outlet, rest: Suspended | None) -> None:
        """A client does not take its bytes: let a task go on with it."""
        self.slowed += 1
        self._slow.append((outlet, rest))
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
            await anyio.sleep(jittered(self._look_s))
            self._forget_unused()
            trim(self._feeds.values())
            self.reader.pages.forget()
            self.looks += 1
            self.missed += len(self._suspects)
            self._suspects.clear()
            self._unannounced |= self._feeds.keys()
            self._boards.catch_up()
            self._wakeup.ring()

    def _forget_unused(self) -> None:
        long_ago = time.monotonic() - FEED_KEPT_S
        for task, feed in list(self._feeds.items()):
            if not feed.users and feed.unused_since < long_ago:
                del self._feeds[task]

    async def _serve_slow(self) -> None:
        async with anyio.create_task_group() as group:
            while True:
                await self._slow_wakeup.wait()
                slow, self._slow = self._slow, []
                for outlet, rest in slow:
                    group.start_soon(outlet.catch_up, rest)

    async def _refresh_woken(self) -> None:
        failures = 0
        while True:
            await self._wakeup.wait()
            try:
                await self.refresh_some()
                failures = 0
            except Exception as error:  # noqa: BLE001 - one bad round must not end all streams; the next tries again
                failures += 1
                known = isinstance(error, TRANSIENT)
                extra = {"count": failures, "error": repr(error)}
                log.log(logging.WARNING if known else logging.ERROR, "cannot read feeds, will try again", extra=extra)
                await anyio.sleep(backoff(failures, first=0.05, most=2.0))
            if self._announced or self._unannounced:
                self._wakeup.ring()
            await anyio.sleep(GATHER_S)

    async def refresh_some(self) -> int:
        """Read a round of woken feeds and push what is new; returns how many feeds moved.

        Raises:
            One of `TRANSIENT`: Postgres is away; nothing is lost, call again.
        """
        hinted = self._take(self._announced)
        looked_at = self._take(self._unannounced)
        feeds = {task: self._feeds[task] for task in (*hinted, *looked_at)}
        if not feeds:
            return 0
        opening = self._openings.take(hinted)
        were_read = {feed for feed in feeds.values() if feed.is_read}
        try:
            moved = await self.reader.refresh(list(feeds.values()))
        except BaseException:
            self._announced |= hinted
            self._unannounced |= looked_at
            self._openings.give_back(opening)
            raise
        # Its hint may have come meanwhile, or still be on the way: it counts as missed only if that has not come when
        # the next backstop looks.
        if self._is_hinted:
            self._suspects |= {feed.task for feed in moved & were_read} - hinted - self._announced
        let_in(opening)
        await self._push(moved)
        return len(moved)

    def _take(self, woken: set[UUID]) -> set[UUID]:
        """Some of the woken feeds, those first that somebody watches already."""
        known = [task for task in woken if task in self._feeds]
        if len(known) > FEEDS_A_ROUND:
            known.sort(key=lambda task: not self._feeds[task].is_read)
        taken = set(known[:FEEDS_A_ROUND])
        woken.clear()
        woken.update(known[FEEDS_A_ROUND:])
        return taken

    async def _push(self, feeds: Iterable[Feed]) -> None:
        pushed = 0
        for feed in feeds:
            for subscriber in list(feed.subscribers):
                subscriber.push()
                pushed += 1
                if pushed % PUSHES_A_RUN == 0:
                    await anyio.lowlevel.checkpoint()


def _ids(words: Iterable[str]) -> Iterable[UUID]:
    """The ids among the words of a payload: anybody who may connect to the database may notify."""
    for word in words:
        try:
            yield UUID(word)
        except ValueError:
            log.warning("a hint that names no task", extra={"error": word[:40]})
