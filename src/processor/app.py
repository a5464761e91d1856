"""Wires a processor and runs it: the one place that knows all its parts."""

import json
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any
from uuid import UUID

import anyio
from anyio.abc import TaskGroup
from prometheus_client import CollectorRegistry

from common.configuration import read_settings
from common.database import Pool, check_schema, open_pool
from common.errors import ConfigurationError, SundogError
from common.ids import TaskId, new_processor_id
from common.listener import Listener
from common.log import configure_logging
from common.notifier import Notifier
from common.queries import load_query
from common.settings import DatabaseSettings, LogSettings, StorageSettings
from common.storage import Storage
from common.words import Channel
from processor import descendants
from processor.attempt import Workshop
from processor.cache import InputCache
from processor.caps import Caps
from processor.child_pool import ChildPool
from processor.children import Children
from processor.claim import Ending, Hold
from processor.claimer import Claimer
from processor.confinement import kernel
from processor.drain import Drain
from processor.feed_writer import FeedWriter
from processor.heartbeater import Heartbeater
from processor.identity import Identity, processor_name
from processor.metrics import fill, shown
from processor.orders import Orders, heard_orders
from processor.rescuer import Rescuer
from processor.retention import Retention
from processor.settings import ProcessorSettings, RetentionSettings
from processor.settlement import RetryPolicy
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
    """

    identity: Identity
    slots: Slots
    claimer: Claimer
    heartbeater: Heartbeater
    drain: Drain
    settings: ProcessorSettings

    async def stop(self) -> None:
        """Stop in order: no new claims, the grace time for what runs, the rest handed back to the queue."""
        log.info("stopping", extra={"count": len(self.slots.holds())})
        self.heartbeater.stopping = True
        self.heartbeater.wakeup.ring()
        with anyio.move_on_after(self.settings.grace_s):
            await self.claimer.stop_claiming()
            await self.slots.empty()
            return
        self.hand_back()
        with anyio.move_on_after(HAND_BACK_S):
            await self.slots.empty()
            return
        log.warning("cannot hand tasks back, their leases will run out", extra={"count": len(self.slots.holds())})

    def hand_back(self) -> None:
        """End whatever runs and give it back to the queue; no attempt is burned."""
        self.slots.end_all(Ending.INTERRUPTED)


class NotDrainedError(SundogError):
    """A drain was told to stop before the queue was empty."""

    code = "not_drained"


def main(*, drain: bool = False, **given: Any) -> None:
    """Run a processor with the settings of the environment until it is told to stop.

    Args:
        drain: end by itself when there is nothing more to do.
        given: settings of the processor that go before those of the environment.

    Raises:
        ConfigurationError: the settings or the database do not fit this release.
        NotDrainedError: the drain was told to stop.
    """
    logs = read_settings(LogSettings)
    configure_logging(service="processor", form=logs.format, level=logs.level)
    database, storage = read_settings(DatabaseSettings), read_settings(StorageSettings)
    settings, retention = read_settings(ProcessorSettings, **given), read_settings(RetentionSettings)
    forget_secrets()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # what it was started with stays in its memory for others to look up
    descendants.adopt_orphans()
    not_ours = descendants.children()
    try:
        anyio.run(
            lambda: serve(database=database, storage=storage, settings=settings, retention=retention, drain=drain),
            backend_options={"use_uvloop": True},
        )
    finally:
        descendants.end_all(but=not_ours)


async def serve(
    *,
    database: DatabaseSettings,
    storage: StorageSettings,
    settings: ProcessorSettings,
    retention: RetentionSettings,
    drain: bool = False,
) -> None:
    """Run a processor until SIGTERM or SIGINT, or the queue is drained; a second signal makes the grace time nothing.

    Raises:
        NotDrainedError: a signal came before the queue was drained.
    """
    opened = open_processor(database=database, storage=storage, settings=settings, retention=retention)
    is_drained = False
    async with heard_orders() as orders, opened as processor:
        orders.is_ready = True
        log.info("processor is ready", extra={"processor": processor.identity.name, "count": settings.slots})
        async with anyio.create_task_group() as group:
            group.start_soon(_stop_when_told, processor, orders, group)
            if drain:
                async with processor.drain:
                    await processor.drain.done.wait()
                is_drained = True
                await processor.stop()  # in order: something may have come just now
                group.cancel_scope.cancel()
    if drain and not is_drained:
        raise NotDrainedError("Told to stop before the queue was drained.", advice="What is left waits in the queue.")


async def _stop_when_told(processor: Processor, orders: Orders, group: TaskGroup) -> None:
    await orders.stop.wait()
    async with anyio.create_task_group() as hurrying:
        hurrying.start_soon(_hand_back_when_told, processor, orders)
        await processor.stop()
        hurrying.cancel_scope.cancel()
    group.cancel_scope.cancel()


async def _hand_back_when_told(processor: Processor, orders: Orders) -> None:
    await orders.at_once.wait()
    processor.hand_back()


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
        children = await stack.enter_async_context(
            Children(
                threads=settings.threads,
                home=folder,
                python=settings.python,
                hidden=hidden_folders(settings, store),
                scratch_bytes=settings.scratch_mb << 20,
                priority=settings.priority,
            )
        )
        tell_walls(children.walls, required=settings.require_confinement)
        identity = await _announce(pool, children, settings)
        notifier = await stack.enter_async_context(Notifier(pool=pool, is_silent=not database.notifies))
        slots = Slots(places=settings.slots)
        feed = FeedWriter(
            pool=pool,
            notifier=notifier,
            on_lost=lambda hold: _lose(slots, hold),
            on_refused=lambda hold: slots.end(hold, Ending.EVENT_REFUSED),
        )
        await stack.enter_async_context(feed)
        settler = Settler(pool=pool, notifier=notifier, enough=max(settings.slots // 2, 1))
        await stack.enter_async_context(settler)
        pool_of_children = ChildPool(children=children, places=settings.slots, most_tasks=settings.tasks_a_child)
        await stack.enter_async_context(pool_of_children)
        watchdog = await stack.enter_async_context(Watchdog())
        cache = InputCache(folder=folder / "inputs", storage=store, most_bytes=settings.cache_bytes)
        await cache.open()
        workshop = Workshop(
            pool=pool_of_children, watchdog=watchdog, cache=cache, storage=store, feed=feed, settings=settings
        )
        caps = Caps(pool=pool)
        heartbeater = Heartbeater(
            identity=identity, pool=pool, notifier=notifier, slots=slots, caps=caps, settings=settings
        )
        await heartbeater.beat_processor()
        stack.push_async_callback(heartbeater.remove_processor)
        await stack.enter_async_context(heartbeater)
        rescuer = await stack.enter_async_context(Rescuer(pool=pool, notifier=notifier, settings=settings))
        claimer = Claimer(
            processor=identity.id,
            name=identity.name,
            kinds=identity.kinds,
            pool=pool,
            notifier=notifier,
            slots=slots,
            caps=caps,
            settler=settler,
            workshop=workshop,
            policy=RetryPolicy(
                first_s=settings.retry_first_s, most_s=settings.retry_most_s, max_crashes=settings.max_crashes
            ),
        )
        if database.notifies:
            await stack.enter_async_context(_listener(database, claimer=claimer, heartbeater=heartbeater, slots=slots))
        if retention is not None:
            await stack.enter_async_context(Retention(pool=pool, settings=retention))
            await stack.enter_async_context(Sweeper(pool=pool, storage=store, settings=retention))
        fill(figures, pool=pool, notifier=notifier, slots=slots, claimer=claimer)
        await stack.enter_async_context(claimer)  # the last one: whoever claims must be able to stop in order
        drain = Drain(
            kinds=tuple(identity.kinds), pool=pool, claimer=claimer, rescuer=rescuer, caps=caps, settings=settings
        )
        yield Processor(
            identity=identity, slots=slots, claimer=claimer, heartbeater=heartbeater, drain=drain, settings=settings
        )


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


def forget_secrets() -> None:
    """Take Sundog's and the object stores' settings out of this process' environment once they are read.

    Children get a clean environment anyway; this keeps whatever else is started from inheriting them.
    """
    for key in list(os.environ):
        if key.startswith(("SUNDOG_DATABASE_", "SUNDOG_LISTENER_", "AWS_", "GOOGLE_", "AZURE_", "PG")):
            del os.environ[key]
