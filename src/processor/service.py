"""Runs a processor as a process: its settings, its signals, its end."""

import logging
import os
from typing import Any

import anyio
from anyio.abc import TaskGroup

from common.configuration import read_settings
from common.errors import SundogError
from common.garbage import look_seldom
from common.log import configure_logging
from common.settings import DatabaseSettings, LogSettings, StorageSettings
from processor import descendants
from processor.app import Processor, open_processor
from processor.confinement import kernel
from processor.orders import Orders, heard_orders
from processor.settings import ProcessorSettings, RetentionSettings

log = logging.getLogger(__name__)


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
    look_seldom()
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


def forget_secrets() -> None:
    """Take Sundog's and the object stores' settings out of this process' environment once they are read.

    Children get a clean environment anyway; this keeps whatever else is started from inheriting them.
    """
    for key in list(os.environ):
        if key.startswith(("SUNDOG_DATABASE_", "SUNDOG_LISTENER_", "AWS_", "GOOGLE_", "AZURE_", "PG")):
            del os.environ[key]
