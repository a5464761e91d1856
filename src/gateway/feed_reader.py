"""Reads feeds from the database: two statements a batch, whatever the number of feeds and watchers."""

from collections import defaultdict
from collections.abc import Collection
from typing import Final
from uuid import UUID

from common.database import Pool
from common.queries import load_query
from gateway.feed import Feed, Standing
from gateway.wire import Event, Progress

READ_FEEDS: Final = load_query("gateway", "read_feeds")
READ_EVENTS: Final = load_query("gateway", "read_events")
EVENTS_A_READ: Final = 500


class FeedReader:
    """Brings feeds up to date.

    Attributes:
        reads: statements so far.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool
        self.reads = 0

    async def refresh(self, feeds: Collection[Feed]) -> set[Feed]:
        """Read what is new in these feeds; returns those that moved.

        The standing is read first, so that events never lag behind it; the other way round is harmless.
        """
        moved = await self._refresh_standings(feeds)
        behind = {feed.task: feed for feed in feeds if _is_behind(feed)}
        while behind:
            found = await self._events(behind.values())
            for task, feed in behind.items():
                for event in found[task]:
                    feed.add(event)
                if not found[task] and feed.standing is not None:
                    feed.skip_to(feed.standing.last_seq)
                moved.add(feed)
            behind = {task: feed for task, feed in behind.items() if _is_behind(feed)}
        for feed in feeds:
            feed.is_read = True
        return moved

    async def _refresh_standings(self, feeds: Collection[Feed]) -> set[Feed]:
        by_task = {feed.task: feed for feed in feeds}
        rows = await self._pool.fetch(READ_FEEDS, list(by_task), [feed.rev for feed in by_task.values()])
        self.reads += 1
        moved = set()
        for row in rows:
            feed = by_task[row["id"]]
            feed.standing = Standing(tenant=row["tenant"], state=row["state"], last_seq=row["last_seq"])
            if row["rev"] is not None:
                feed.rev = row["rev"]
                feed.progress = Progress(row["rev"], row["progress"])
                moved.add(feed)
        return moved

    async def _events(self, feeds: Collection[Feed]) -> defaultdict[UUID, list[Event]]:
        rows = await self._pool.fetch(
            READ_EVENTS, [feed.task for feed in feeds], [feed.seq for feed in feeds], EVENTS_A_READ
        )
        self.reads += 1
        found: defaultdict[UUID, list[Event]] = defaultdict(list)
        for row in rows:
            found[row["task"]].append(Event.from_row(row))
        return found

    async def history(self, task: UUID, *, after: int) -> list[Event]:
        """The next events of one feed after a cursor, for a watcher that is further behind than the feed reaches."""
        rows = await self._pool.fetch(READ_EVENTS, [task], [after], EVENTS_A_READ)
        self.reads += 1
        return [Event.from_row(row) for row in rows]


def _is_behind(feed: Feed) -> bool:
    return feed.standing is not None and feed.standing.last_seq > feed.seq
