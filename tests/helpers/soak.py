"""A soak: tasks of every kind over several processors, while faults fall; afterwards every record must be true."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import anyio
import asyncpg

from common.database import TRANSIENT
from common.storage import Storage
from helpers.breaking_environment import python_with_breaking_kinds
from helpers.database import SETTINGS, DatabaseServer
from helpers.eventually import eventually
from helpers.mortal_processor import processes_in
from helpers.postgres_proxy import postgres_proxy
from helpers.processors import ProcessorFactory
from helpers.soak_fleet import Fleet
from helpers.soak_records import assert_true_records, counts
from helpers.soak_weather import Weather
from helpers.soak_work import Submitted, cancel_some, submit
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import PostgresBinaries

# It is crashed on purpose; what it said was committed must be there again.
DURABLE: Final = SETTINGS | {"synchronous_commit": "on", "full_page_writes": "on"}
STUCK_S: Final = 90.0
LOOKS_A_CANCEL: Final = 20
STUCK: Final = (
    "SELECT id, kind, state::text, attempts, failures, crashes, lease, lease_until - now() AS lease_left, processor,"
    " run_at - now() AS due_in, cancel_requested_at IS NOT NULL AS to_cancel, (SELECT array_agg(outcome::text"
    " ORDER BY number) FROM attempt WHERE attempt.task = task.id) AS outcomes FROM task WHERE finished_at IS NULL"
)
FINISHED: Final = "SELECT count(*) FROM task WHERE finished_at IS NOT NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Soak:
    """How long and how hard.

    Attributes:
        tasks: how many.
        processors: how many at the same time.
        faults: how many fall while the tasks run.
        seed: of the mix of tasks, and of the faults.
    """

    tasks: int
    processors: int
    faults: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakReport:
    """What happened: counted."""

    seconds: float
    counted: Mapping[str, Counter[str]]
    faults: Counter[str]
    processors: int
    half_uploads: int

    def __str__(self) -> str:
        """For a person, a line each."""
        lines = [f"{sum(self.counted['tasks'].values())} tasks in {self.seconds:.1f} s"]
        for name, found in {**self.counted, "faults": self.faults}.items():
            lines.append(f"{name}: {', '.join(f'{key} {number}' for key, number in sorted(found.items()))}")
        lines += [f"processors started: {self.processors}; uploads that a kill broke off: {self.half_uploads}"]
        return "\n".join(lines)


async def run_soak(plan: Soak, *, folder: Path, binaries: PostgresBinaries) -> SoakReport:
    """Do it all.

    Raises:
        AssertionError: a promise was broken.
    """
    rng = random.Random(plan.seed)
    async with AsyncExitStack() as stack:
        server = EmbeddedPostgres(folder / "postgres", binaries=binaries, settings=DURABLE, tcp=True)
        await stack.enter_async_context(server)
        prepared = await DatabaseServer(server).prepare()
        database = await stack.enter_async_context(prepared.database())
        proxy = await stack.enter_async_context(postgres_proxy(upstream=server.port))
        processors = ProcessorFactory(
            database=database, python=python_with_breaking_kinds(folder / "python"), folder=folder
        )
        observer = await stack.enter_async_context(Observer(database.dsn))
        submitted = await observer.submit(Storage.open(processors.storage), count=plan.tasks, rng=rng)
        began = anyio.current_time()
        through = processors.through(proxy.dsn(database.processor_dsn))
        fleet = await stack.enter_async_context(Fleet(processors=through, count=plan.processors))
        weather = Weather(fleet=fleet, server=server, database=database, proxy=proxy, rng=rng)
        for fault in range(1, plan.faults + 1):
            await observer.until_finished(plan.tasks * fault // (plan.faults + 2), submitted)
            await weather.strike()
        await observer.until_finished(plan.tasks, submitted)
        seconds = anyio.current_time() - began
        await fleet.stop_in_order()
        return SoakReport(
            seconds=seconds,
            counted=await observer.check(submitted),
            faults=weather.fallen,
            processors=fleet.started,
            half_uploads=await _assert_nothing_left(folder),
        )


class Observer:
    """Looks at the database, whether it is there or not at that moment."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._held: asyncpg.Connection | None = None
        self._looks = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *details: object) -> None:
        if self._held is not None:
            self._held.terminate()

    async def _connection(self) -> asyncpg.Connection:
        if self._held is None or self._held.is_closed():
            self._held = await asyncpg.connect(self._dsn)
        return self._held

    async def submit(self, storage: Storage, *, count: int, rng: random.Random) -> Sequence[Submitted]:
        """Put the tasks into the queue."""
        return await submit(await self._connection(), storage, count=count, rng=rng)

    async def until_finished(self, count: int, submitted: Sequence[Submitted]) -> None:
        """Wait until so many tasks have ended; meanwhile cancel those that do not end otherwise."""

        async def look() -> bool:
            try:
                connection = await self._connection()
                self._looks += 1
                if self._looks % LOOKS_A_CANCEL == 0:
                    await cancel_some(connection, submitted)
                return bool(await connection.fetchval(FINISHED) >= count)
            except TRANSIENT:
                return False

        try:
            await eventually(look, within=STUCK_S)
        except AssertionError as error:
            stuck = [dict(row) for row in await (await self._connection()).fetch(STUCK)]
            raise AssertionError(f"{len(stuck)} tasks do not end: {stuck[:5]}") from error

    async def check(self, submitted: Sequence[Submitted]) -> Mapping[str, Counter[str]]:
        """All records are true; gives how many there are."""
        connection = await self._connection()
        await assert_true_records(connection, submitted)
        return await counts(connection)


async def _assert_nothing_left(folder: Path) -> int:
    """No process, no scratch, no half input; gives the number of uploads that a kill broke off."""

    async def no_process() -> bool:
        return not processes_in(folder)

    await eventually(no_process)
    for work in (folder / "work").iterdir():
        assert not list((work / "children").iterdir())
        assert not list((work / "inputs").glob("half-*"))
    return len(list((folder / "storage" / "incoming").glob("*")))
