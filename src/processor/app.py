"""Wires a processor: the one place that knows all its parts."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from uuid import UUID

import anyio
from prometheus_client import CollectorRegistry

from common.database import Pool, check_schema, open_pool
from common.errors import ConfigurationError
from common.ids import TaskId, new_processor_id
from common.listener import Listener
from common.notifier import Notifier
from common.queries import load_query
from common.settings import DatabaseSettings, StorageSettings
from common.storage import Storage
from common.words import Channel
from processor.attempt import Workshop
from processor.cache import InputCache
from processor.caps import Caps
from processor.child_pool import ChildPool
from processor.children import Children
from processor.claim import Ending, Hold
from processor.claimer import Claimer
from processor.drain import Drain
from processor.feed_writer import FeedWriter
from processor.heartbeater import Heartbeater
from processor.identity import Identity, processor_name
from processor.metrics import fill, shown
from processor.rescuer import Rescuer
from processor.retention import Retention
from processor.settings import ProcessorSettings, RetentionSettings
from processor.settler import Settler
from processor.slots import Slots
from processor.sweeper import Sweeper
from processor.walls import hidden_folders, tell_walls
from processor.watchdog import Watchdog
from processor.workplace import workplace

log = logging.getLogger(__name__)

ANNOUNCE_KIND = load_query("processor", "announce_kind")
HAND_BACK_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """A processor that runs; what its stop needs to know.

    Attributes:
        drain: not started; whoever wants the queue drained starts it.
        hurry: set when no grace time is to be given, or not the rest of it.
    """

    identity: Identity
    slots: Slots
    claimer: Claimer
    heartbeater: Heartbeater
    drain: Drain
    pool: Pool
    settings: ProcessorSettings
    hurry: anyio.Event = field(default_factory=anyio.Event)

    async def stop(self) -> None:
        """Stop in order: no new claims, the grace time for what runs, the rest handed back to the queue."""
        log.info("stopping", extra={"count": len(self.slots.holds())})
        self.heartbeater.stopping = True
        self.heartbeater.wakeup.ring()
        if await self._all_finish():
            return
        self.hand_back()
        with anyio.move_on_after(HAND_BACK_S):
            await self._stand_still()
            return
        log.warning("cannot hand tasks back, their leases will run out", extra={"count": len(self.slots.holds())})
        self.pool.terminate()  # else each part on its way out would wait for Postgres once more

    async def _all_finish(self) -> bool:
        """Whether all that runs is done within the grace time, which a hurry ends, whatever is being waited for."""
        done = False
        async with anyio.create_task_group() as group:
            group.start_soon(_cancel_when, self.hurry, group.cancel_scope)
            with anyio.move_on_after(self.settings.grace_s):
                await self._stand_still()
                done = True
            group.cancel_scope.cancel()
        return done

    async def _stand_still(self) -> None:
        await self.claimer.stop_claiming()
        await self.slots.empty()

    def hand_back(self) -> None:
        """End whatever runs and give it back to the queue, now; no attempt is burned."""
        self.hurry.set()
        self.slots.end_all(Ending.INTERRUPTED)


async def _cancel_when(event: anyio.Event, scope: anyio.CancelScope) -> None:
    await event.wait()
    scope.cancel()


@asynccontextmanager
async def open_processor(
    *,
    database: DatabaseSettings,
    storage: StorageSettings,
    settings: ProcessorSettings,
    retention: RetentionSettings | None = None,
) -> AsyncIterator[Processor]:
    """Start every part in the order in which they need each other; they stop in the opposite one.

    Args:
        database: of the processors' role.
        storage: the same as the gateways'.
        settings: how much work it takes.
        retention: how long things are kept; None: this processor removes nothing.
    """
    async with AsyncExitStack() as stack:
        figures = CollectorRegistry()
        stack.enter_context(shown(figures, host=settings.metrics_host, port=settings.metrics_port))
        folder = stack.enter_context(workplace(settings.work_dir))
        pool = await stack.enter_async_context(open_pool(database, service="processor"))
        await check_schema(pool)
        store = Storage.open(storage)
        children = await stack.enter_async_context(_children(settings, store=store, folder=folder))
        identity = await _announce(pool, children, settings)
        notifier = await stack.enter_async_context(Notifier(pool=pool, is_silent=not database.notifies))
        slots = Slots(places=settings.slots)
        feed = await stack.enter_async_context(_feed_writer(pool, notifier=notifier, slots=slots))
        settler = Settler(pool=pool, notifier=notifier, enough=max(settings.slots // 2, 1))
        await stack.enter_async_context(settler)
        shop = await stack.enter_async_context(
            _workshop(settings, children=children, store=store, folder=folder, feed=feed)
        )
        caps = Caps(pool=pool)
        heartbeater = Heartbeater(
            identity=identity, pool=pool, notifier=notifier, slots=slots, caps=caps, settings=settings
        )
        await stack.enter_async_context(_listed(heartbeater))
        rescuer = await stack.enter_async_context(Rescuer(pool=pool, notifier=notifier, settings=settings))
        claimer = Claimer(
            identity=identity, pool=pool, notifier=notifier, slots=slots, caps=caps, settler=settler, workshop=shop
        )
        if database.notifies:
            await stack.enter_async_context(_listener(database, claimer=claimer, heartbeater=heartbeater, slots=slots))
        if retention is not None:
            await stack.enter_async_context(_removing(pool, store=store, settings=retention))
        fill(figures, pool=pool, notifier=notifier, slots=slots, claimer=claimer)
        await stack.enter_async_context(claimer)  # the last one: whoever claims must be able to stop in order
        drain = Drain(
            kinds=tuple(identity.kinds), pool=pool, claimer=claimer, rescuer=rescuer, caps=caps, settings=settings
        )
        yield Processor(
            identity=identity,
            slots=slots,
            claimer=claimer,
            heartbeater=heartbeater,
            drain=drain,
            pool=pool,
            settings=settings,
        )


@asynccontextmanager
async def _children(settings: ProcessorSettings, *, store: Storage, folder: Path) -> AsyncIterator[Children]:
    """The fork server, behind the walls that the settings ask for."""
    children = Children(
        threads=settings.threads,
        home=folder,
        python=settings.python,
        hidden=hidden_folders(settings, store),
        scratch_bytes=settings.scratch_mb << 20,
        priority=settings.priority,
        tells_output=settings.child_output == "log",
    )
    async with children:
        tell_walls(children.walls, required=settings.require_confinement)
        yield children


def _feed_writer(pool: Pool, *, notifier: Notifier, slots: Slots) -> FeedWriter:
    return FeedWriter(
        pool=pool,
        notifier=notifier,
        on_lost=lambda hold: _lose(slots, hold),
        on_refused=lambda hold: slots.end(hold, Ending.EVENT_REFUSED),
    )


@asynccontextmanager
async def _workshop(
    settings: ProcessorSettings, *, children: Children, store: Storage, folder: Path, feed: FeedWriter
) -> AsyncIterator[Workshop]:
    """What attempts work with."""
    pool = ChildPool(children=children, places=settings.slots, most_tasks=settings.tasks_a_child)
    cache = InputCache(folder=folder / "inputs", storage=store, most_bytes=settings.cache_bytes)
    async with pool, Watchdog() as watchdog:
        await cache.open()
        yield Workshop(pool=pool, watchdog=watchdog, cache=cache, storage=store, feed=feed, settings=settings)


@asynccontextmanager
async def _listed(heartbeater: Heartbeater) -> AsyncIterator[None]:
    """In the table of processors from before the first claim until after the last; its heart beats."""
    await heartbeater.beat_processor()
    try:
        async with heartbeater:
            yield
    finally:
        await heartbeater.remove_processor()


@asynccontextmanager
async def _removing(pool: Pool, *, store: Storage, settings: RetentionSettings) -> AsyncIterator[None]:
    """What is kept for a time only goes, and then the bytes that nothing names."""
    async with Retention(pool=pool, settings=settings), Sweeper(pool=pool, storage=store, settings=settings):
        yield


def _listener(database: DatabaseSettings, *, claimer: Claimer, heartbeater: Heartbeater, slots: Slots) -> Listener:
    def catch_up() -> None:
        claimer.wakeup.ring()
        heartbeater.wakeup.ring()

    def cancel(words: frozenset[str]) -> None:
        for word in words:
            slots.end_task(TaskId(UUID(word)), Ending.CANCELLED)

    return Listener(
        dsn=database.direct_dsn,
        service="processor",
        channels={Channel.WORK: lambda _kinds: claimer.wakeup.ring(), Channel.CONTROL: cancel},
        on_connect=catch_up,
        probe_s=database.probe_s,
    )


def _lose(slots: Slots, hold: Hold) -> None:
    if slots.end(hold, Ending.LEASE_LOST):
        log.warning("lease lost", extra={"task": hold.task, "lease": hold.lease})


async def _announce(pool: Pool, children: Children, settings: ProcessorSettings) -> Identity:
    """Tell the gateways which kinds this processor serves, and how their tasks look.

    Raises:
        ConfigurationError: one is asked for that is not installed.
    """
    installed = {str(kind["name"]): kind for kind in children.kinds}
    wanted = settings.kinds or tuple(installed)
    if missing := sorted(set(wanted) - set(installed)):
        raise ConfigurationError(
            f"Kinds that are not installed were asked for: {', '.join(missing)}.",
            advice=f"See --kinds and SUNDOG_PROCESSOR_KINDS. Installed are: {', '.join(sorted(installed)) or 'none'}.",
        )
    for name in wanted:
        kind = installed[name]
        texts = [json.dumps(kind[key]) for key in ("inputs", "example", "params_schema", "result_schema")]
        await pool.execute(ANNOUNCE_KIND, name, kind["version"], kind["title"], kind["summary"], *texts)
    return Identity(
        id=new_processor_id(),
        name=processor_name(),
        version=version("sundog"),
        kinds={name: installed[name]["version"] for name in wanted},
        confinement=children.walls,
    )
