"""Reads feeds from the database: two statements a batch, whatever the number of feeds and watchers.

What one read brings into memory is bounded: a batch has so many feeds that they lack no more than some thousand events,
and the bytes are shared out among them. A feed that lacks more than its share begins anew with the newest.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Final
from uuid import UUID

import asyncpg

from common.database import Pool, fetch_in_time
from common.queries import load_query
from gateway.feed import Feed, Standing
from gateway.history import History
from gateway.wire import Event, Progress

READ_FEEDS: Final = load_query("gateway", "read_feeds")
READ_TAILS: Final = load_query("gateway", "read_tails")
READ_EVENTS: Final = load_query("gateway", "read_events")

EVENTS_A_FEED: Final = 200
EVENTS_A_READ: Final = 4_000
BYTES_A_READ: Final = 8 << 20
BYTES_OF_HISTORY: Final = 1 << 20
FEEDS_IN_MEMORY_BYTES: Final = 256 << 20
MOST_BYTES_A_FEED: Final = 1 << 20
LEAST_BYTES_A_FEED: Final = 8 << 10


class FeedReader:
    """Brings feeds up to date.

    Args:
        pool: of the gateway's database role.
        timeout_s: how long a read may take; a connection that hangs holds up every watcher as long.

    Attributes:
        reads: statements so far.
        pages: of what is no longer in the feeds.
    """

    def __init__(self, *, pool: Pool, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s
        self.reads = 0
        self.pages = History(read=self._read_page)

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        self.reads += 1
        return await fetch_in_time(self._pool, statement, *arguments, timeout_s=self._timeout_s)

    async def refresh(self, feeds: Collection[Feed]) -> set[Feed]:
        """Read what is new in these feeds; returns those that moved.

        The standing is read first, so that events never lag behind it; the other way round is harmless.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        moved = await self._refresh_standings(feeds)
        for batch in _batches(feed for feed in feeds if feed.is_behind):
            await self._read_tails(batch)
            moved.update(batch)
        for feed in feeds:
            feed.is_read = True
        return moved

    async def _refresh_standings(self, feeds: Collection[Feed]) -> set[Feed]:
        tasks, revs = [feed.task for feed in feeds], [feed.rev for feed in feeds]
        rows = {row["id"]: row for row in await self._fetch(READ_FEEDS, tasks, revs)}
        moved = set()
        for feed in feeds:
            row = rows.get(feed.task)
            standing = None if row is None else Standing(**{name: row[name] for name in Standing.__slots__})
            if feed.stand(standing):
                moved.add(feed)
            if row is not None and row["rev"] is not None:
                feed.take_progress(Progress(row["rev"], row["progress"]))
                moved.add(feed)
        return moved

    async def _read_tails(self, feeds: Collection[Feed]) -> None:
        by_task = {feed.task: feed for feed in feeds}
        rows = await self._fetch(
            READ_TAILS,
            list(by_task),
            [feed.seq for feed in feeds],
            EVENTS_A_FEED,
            min(BYTES_A_READ // len(feeds), MOST_BYTES_A_FEED),
        )
        for row in rows:
            by_task[row["task"]].add(Event.from_row(row))
        for feed in feeds:
            # What is missing even so is no longer kept.
            if feed.is_behind and feed.standing is not None:
                feed.skip_to(feed.standing.last_seq)
            feed.trim(most_bytes=MOST_BYTES_A_FEED)

    async def history(self, task: UUID, *, after: int, before: int) -> list[Event]:
        """The next events of one feed between two numbers, a bounded number of them.

        Raises:
            One of `TRANSIENT`: Postgres is away.
        """
        return [event for event in await self.pages.page(task, after=after) if event.seq < before]

    async def _read_page(self, task: UUID, after: int) -> list[Event]:
        rows = await self._fetch(READ_EVENTS, task, after, EVENTS_A_FEED, BYTES_OF_HISTORY)
        return [Event.from_row(row) for row in rows]


def trim(feeds: Collection[Feed]) -> None:
    """Share out the memory that all feeds may take together."""
    share = FEEDS_IN_MEMORY_BYTES // max(len(feeds), 1)
    for feed in feeds:
        feed.trim(most_bytes=min(max(share, LEAST_BYTES_A_FEED), MOST_BYTES_A_FEED))


def _batches(feeds: Iterable[Feed]) -> Iterator[list[Feed]]:
    """Feeds that lack events, so many at a time as one read may bring."""
    batch: list[Feed] = []
    lacking = 0
    for feed in feeds:
        assert feed.standing is not None  # it could not lack any
        lacks = min(feed.standing.last_seq - feed.seq, EVENTS_A_FEED)
        if batch and lacking + lacks > EVENTS_A_READ:
            yield batch
            batch, lacking = [], 0
        batch.append(feed)
        lacking += lacks
    if batch:
        yield batch
