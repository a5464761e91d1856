"""Live delivery, wired: listener, hub, boards and streams as one part that starts and stops in order."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from common.database import Pool
from common.listener import Listener
from common.settings import DatabaseSettings
from common.words import Channel
from gateway.boards import Boards
from gateway.delivery_figures import DeliveryFigures
from gateway.feed_reader import FeedReader
from gateway.hub import Hub
from gateway.keyring import Keyring
from gateway.settings import StreamSettings
from gateway.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The parts that routes and the gateway's end need.

    Attributes:
        listener: None where the database notifies nobody.
    """

    hub: Hub
    boards: Boards
    streams: Streams
    keyring: Keyring
    listener: Listener | None
    settings: StreamSettings

    def figures(self) -> DeliveryFigures:
        """How delivery stands now."""
        hub, streams, listener = self.hub, self.streams, self.listener
        return DeliveryFigures(
            streams_open=len(streams),
            boards_open=len(self.boards),
            feeds_watched=len(hub),
            listens=listener is None or listener.connected,
            streams_begun=streams.begun,
            streams_resumed=streams.resumed,
            streams_refused=streams.refused,
            streams_slowed=hub.slowed,
            hints_heard=0 if listener is None else listener.heard,
            listener_reconnects=0 if listener is None else listener.reconnects,
            reads=hub.reader.reads,
            backstop_looks=hub.looks,
            missed=hub.missed,
        )


def build_live(*, pool: Pool, database: DatabaseSettings, settings: StreamSettings) -> Live:
    """The parts, none of them started."""
    boards = Boards(pool=pool, timeout_s=settings.open_s)
    hub = Hub(
        reader=FeedReader(pool=pool, timeout_s=settings.open_s),
        boards=boards,
        look_s=settings.backstop_s if database.notifies else settings.poll_s,
        is_hinted=database.notifies,
        open_s=settings.open_s,
    )
    streams = Streams(hub=hub, settings=settings)
    keyring = Keyring(pool=pool, watching=streams.callers, put_out=streams.put_out)

    def catch_up() -> None:
        hub.catch_up()
        keyring.catch_up()

    listener = Listener(
        dsn=database.direct_dsn,
        service="gateway",
        channels={Channel.FEED: hub.hear, Channel.KEYS: keyring.hear},
        on_connect=catch_up,
        probe_s=database.probe_s,
    )
    return Live(
        hub=hub,
        boards=boards,
        streams=streams,
        keyring=keyring,
        listener=listener if database.notifies else None,
        settings=settings,
    )


@asynccontextmanager
async def running(live: Live) -> AsyncIterator[Live]:
    """Start them; LISTEN is in force when this enters."""
    async with AsyncExitStack() as stack:
        for part in (live.boards, live.hub, live.keyring, live.listener, live.streams):
            if part is not None:
                await stack.enter_async_context(part)
        yield live
