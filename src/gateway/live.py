"""Live delivery, wired: listener, hub, boards and streams as one part that starts and stops in order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from common.database import Pool
from common.listener import Listener
from common.settings import DatabaseSettings
from common.words import Channel
from gateway.boards import Boards
from gateway.feed_reader import FeedReader
from gateway.hub import Hub
from gateway.settings import StreamSettings
from gateway.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The parts that routes and the gateway's end need."""

    hub: Hub
    boards: Boards
    streams: Streams
    listener: Listener
    settings: StreamSettings


def build_live(*, pool: Pool, database: DatabaseSettings, settings: StreamSettings) -> Live:
    """The parts, none of them started."""
    boards = Boards(pool=pool)
    hub = Hub(reader=FeedReader(pool=pool), boards=boards, backstop_s=settings.backstop_s)
    listener = Listener(
        dsn=database.direct_dsn, service="gateway", channels={Channel.FEED: hub.hear}, on_connect=hub.catch_up
    )
    streams = Streams(hub=hub, boards=boards, settings=settings)
    return Live(hub=hub, boards=boards, streams=streams, listener=listener, settings=settings)


@asynccontextmanager
async def running(live: Live) -> AsyncIterator[Live]:
    """Start them; LISTEN is in force when this enters."""
    async with live.boards, live.hub, live.listener, live.streams:
        yield live
