"""Every service keeps the contract of common/lifecycle.py: stopped before its start, twice, by an error, by a cancel.

Each stands here with real things around it. One that is added to the source and not here fails the last test.
"""

import asyncio
import importlib
import os
import pkgutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import pytest
from pydantic import SecretStr

import common
import gateway
import processor
import sundog
from common.database import Pool, open_pool
from common.ids import new_processor_id
from common.lifecycle import Periodic, Service
from common.listener import Listener
from common.notifier import Notifier
from common.settings import DatabaseSettings
from common.words import Channel
from gateway.boards import Boards
from gateway.hub import Hub
from gateway.journal import Journal
from gateway.keyring import Keyring
from gateway.live import Live, build_live
from gateway.settings import StreamSettings
from gateway.streams import Streams
from helpers.database import Database
from helpers.processes import descendants
from helpers.storage import Stored
from processor.attempt import Workshop
from processor.cache import InputCache
from processor.caps import Caps
from processor.child_pool import ChildPool
from processor.children import Children
from processor.claimer import Claimer
from processor.drain import Drain
from processor.feed_writer import FeedWriter
from processor.heartbeater import Heartbeater
from processor.identity import Identity
from processor.rescuer import Rescuer
from processor.retention import Retention
from processor.settings import ProcessorSettings, RetentionSettings
from processor.settler import Settler
from processor.slots import Slots
from processor.sweeper import Sweeper
from processor.watchdog import Watchdog
from sundog.part_log import PartLog
from sundog.supervision import Part, SupervisedPart


@dataclass
class Surroundings:
    """What services need, made when one first asks for it; nothing of it is started but what `stack` holds."""

    pool: Pool
    database: DatabaseSettings
    folder: Path
    stack: AsyncExitStack

    @property
    def settings(self) -> ProcessorSettings:
        return ProcessorSettings(work_dir=self.folder, threads=1)

    @property
    def notifier(self) -> Notifier:
        return Notifier(pool=self.pool)

    @property
    def live(self) -> Live:
        return build_live(pool=self.pool, database=self.database, settings=StreamSettings())

    @property
    def feed(self) -> FeedWriter:
        return FeedWriter(
            pool=self.pool, notifier=self.notifier, on_lost=lambda _hold: None, on_refused=lambda _hold: None
        )

    @property
    def children(self) -> Children:
        (self.folder / "children").mkdir(exist_ok=True)
        return Children(threads=1, home=self.folder, python=Path(sys.executable))

    @property
    def rescuer(self) -> Rescuer:
        return Rescuer(pool=self.pool, notifier=self.notifier, settings=self.settings)

    @property
    def claimer(self) -> Claimer:
        storage = Stored.open(self.folder / "storage").storage
        workshop = Workshop(
            pool=ChildPool(children=self.children, places=1),
            watchdog=Watchdog(),
            cache=InputCache(folder=self.folder / "inputs", storage=storage, most_bytes=0),
            storage=storage,
            feed=self.feed,
            settings=self.settings,
        )
        return Claimer(
            identity=Identity(id=new_processor_id(), name="a processor", version="1", kinds={"profile": "1"}),
            pool=self.pool,
            notifier=self.notifier,
            slots=Slots(places=1),
            caps=Caps(pool=self.pool),
            settler=Settler(pool=self.pool, notifier=self.notifier),
            workshop=workshop,
        )


def a_listener(around: Surroundings) -> Service:
    return Listener(
        dsn=around.database.dsn,
        service="test",
        channels={Channel.WORK: lambda _words: None},
        on_connect=lambda: None,
    )


def a_heartbeater(around: Surroundings) -> Service:
    return Heartbeater(
        identity=Identity(id=new_processor_id(), name="a processor", version="1", kinds={}),
        pool=around.pool,
        notifier=around.notifier,
        slots=Slots(places=1),
        caps=Caps(pool=around.pool),
        settings=around.settings,
    )


async def a_child_pool(around: Surroundings) -> Service:
    return ChildPool(children=await around.stack.enter_async_context(around.children), places=1)


async def a_drain(around: Surroundings) -> Service:
    claimer = await around.stack.enter_async_context(around.claimer)
    return Drain(
        kinds=("profile",),
        pool=around.pool,
        claimer=claimer,
        rescuer=around.rescuer,
        caps=Caps(pool=around.pool),
        settings=around.settings,
    )


def a_part(around: Surroundings) -> Service:
    part = Part(name="part", command=[sys.executable, "-c", "import signal; signal.pause()"], env={})
    log = PartLog(around.folder, part="part", tell=lambda _line: None)
    return SupervisedPart(part, log=log, tell=lambda _line: None)


def retention_settings() -> RetentionSettings:
    return RetentionSettings(interval_s=1000)


SERVICES: dict[type[Service], Callable[[Surroundings], Any]] = {
    Notifier: lambda around: around.notifier,
    Listener: a_listener,
    Boards: lambda around: around.live.boards,
    Hub: lambda around: around.live.hub,
    Keyring: lambda around: around.live.keyring,
    Journal: lambda around: Journal(pool=around.pool),
    Streams: lambda around: around.live.streams,
    Children: lambda around: around.children,
    ChildPool: a_child_pool,
    Watchdog: lambda _around: Watchdog(),
    FeedWriter: lambda around: around.feed,
    Settler: lambda around: Settler(pool=around.pool, notifier=around.notifier),
    Heartbeater: a_heartbeater,
    Rescuer: lambda around: around.rescuer,
    Claimer: lambda around: around.claimer,
    Drain: a_drain,
    Retention: lambda around: Retention(pool=around.pool, settings=retention_settings()),
    Sweeper: lambda around: Sweeper(
        pool=around.pool, storage=Stored.open(around.folder / "storage").storage, settings=retention_settings()
    ),
    SupervisedPart: a_part,
}
# Starts a whole installation; tests/acceptance does that.
ELSEWHERE = {"LocalSundog"}


@asynccontextmanager
async def surroundings(database: Database, folder: Path) -> AsyncIterator[Surroundings]:
    settings = DatabaseSettings(dsn=SecretStr(database.processor_dsn), pool_size=3)
    async with open_pool(settings, service="test") as pool, AsyncExitStack() as stack:
        yield Surroundings(pool=pool, database=settings, folder=folder, stack=stack)


Make = Callable[[], AbstractAsyncContextManager[Service]]


@pytest.fixture(params=SERVICES.values(), ids=[kind.__name__ for kind in SERVICES])
def service(request: pytest.FixtureRequest, database: Database, tmp_path: Path) -> Make:
    """Makes the service in the test's own task: it has to be left where it was entered."""

    @asynccontextmanager
    async def make() -> AsyncIterator[Service]:
        async with surroundings(database, tmp_path) as around:
            made = request.param(around)
            yield made if isinstance(made, Service) else await made

    return make


@contextmanager
def nothing_left_over() -> Iterator[None]:
    """Assert that neither a task nor a process that begins in the block outlives it."""
    tasks, processes = our_tasks(), our_processes()
    yield
    assert our_tasks() <= tasks
    assert our_processes() <= processes


def our_tasks() -> set[Any]:
    """All but those in which asyncpg's pool, which outlives the service, gives its connections back."""
    return {task for task in asyncio.all_tasks() if "asyncpg" not in repr(task)}


def our_processes() -> set[int]:
    """Children and parts are Python; the backends of Postgres come and go as they like."""
    return {
        pid for pid, command in descendants(os.getpid()).items() if "python" in command.split(" ")[0].rpartition("/")[2]
    }


async def stopped_before_its_start_and_twice(made: Service) -> None:
    made.stop()
    async with made as entered:
        assert entered is made
        made.stop()
        made.stop()
    made.stop()


async def left_by_an_error(made: Service) -> None:
    with pytest.RaisesGroup(KeyError, flatten_subgroups=True):
        async with made:
            raise KeyError("of the block")


async def cancelled(made: Service) -> None:
    with anyio.CancelScope() as scope:
        async with made:
            scope.cancel()
            await anyio.sleep_forever()


async def test_it_is_gone_whenever_and_however_it_is_stopped(service: Make) -> None:
    for stop in (stopped_before_its_start_and_twice, left_by_an_error, cancelled):
        async with service() as made:
            with nothing_left_over():
                await stop(made)


def test_no_service_is_left_out() -> None:
    assert {kind.__name__ for kind in all_services(Service)} == {kind.__name__ for kind in SERVICES} | ELSEWHERE


def test_no_service_has_a_start_or_an_end_of_its_own() -> None:
    """What tests/unit/common/test_lifecycle.py shows of failing starts and errors inside holds for all, then."""
    for kind in all_services(Service):
        for name in ("__aenter__", "__aexit__", "_start", "stop"):
            assert getattr(kind, name) is getattr(Service, name), (kind, name)


@pytest.fixture(autouse=True, scope="module")
def everything_is_imported() -> None:
    for package in (common, gateway, processor, sundog):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def all_services(base: Any) -> Iterator[type[Service]]:
    for kind in base.__subclasses__():
        if kind.__module__.partition(".")[0] in {"common", "gateway", "processor", "sundog"} and kind is not Periodic:
            yield kind
        yield from all_services(kind)
