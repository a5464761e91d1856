"""How fast a worker works a full queue off: the same measurement for every system, from outside.

The queue is filled, then the worker starts. Time and CPU count from when a tenth of the tasks is done to the moment
when the database says that none is left: the start of a worker counts for nobody, the durable end for everybody.
"""

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from benchmarks.parts.cpu import cpu_seconds
from benchmarks.parts.engine import fill, processor_command, processor_environment, started
from benchmarks.parts.server import forget_the_past, fresh_database
from sundog.postgres import EmbeddedPostgres

WORKERS = Path(__file__).with_name("workers")
LOOK_S = 0.01
WARM = 0.9  # so much is left when the measurement begins
MOST_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """Another system, as a program that fills its queue and one that works it off.

    Attributes:
        left: the condition of an SQL query: FROM and WHERE of what is not done yet.
    """

    name: str
    python: Path
    jobs: int
    left: str

    async def fill(self, dsn: str) -> None:
        """Make the queue full."""
        command = [*self._program(), dsn, "fill", str(self.jobs)]
        process = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        _, said = await process.communicate()
        if process.returncode:
            raise SystemExit(f"{self.name} could not fill its queue: {said.decode(errors='replace')[-2000:]}")

    def command(self, dsn: str) -> Sequence[str]:
        """What starts its worker."""
        return [*self._program(), dsn, "work"]

    def environment(self, _dsn: str, _folder: Path) -> Mapping[str, str] | None:
        """What it is told by its environment: nothing."""
        return None

    def _program(self) -> list[str]:
        return [str(self.python), str(WORKERS / f"{self.name}.py")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """Sundog's processor.

    Attributes:
        changes: Python that is run before it starts.
        settings: more of its environment.
        connection: what its DSN ends with.
        caps: whether there is a cap on running tasks, which never bites.
    """

    name: str
    python: Path
    jobs: int
    slots: int
    kind: str = "noop"
    tenants: int = 1
    changes: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    connection: str = ""
    caps: bool = False
    left: str = "FROM task WHERE state IN ('queued', 'running')"

    async def fill(self, dsn: str) -> None:
        """Make the queue full."""
        connection = await asyncpg.connect(dsn)
        await fill(connection, tasks=self.jobs, kind=self.kind, tenants=self.tenants)
        if self.caps:
            await connection.execute("INSERT INTO cap (max_running) VALUES (1000)")
        await connection.close()

    def command(self, _dsn: str) -> Sequence[str]:
        """What starts it."""
        return processor_command(self.changes)

    def environment(self, dsn: str, folder: Path) -> Mapping[str, str]:
        """Its settings."""
        dsn += self.connection
        return processor_environment(dsn, folder=folder, python=self.python, slots=self.slots, **self.settings)


System = Peer | Ours


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What one drain took: tasks a second, and CPU milliseconds a task of the worker and of Postgres."""

    rate: float
    worker_ms: float
    postgres_ms: float


async def drain(system: System, *, server: EmbeddedPostgres, folder: Path) -> Drained:
    """Fill the queue of a system in a fresh database and watch it being worked off."""
    async with fresh_database(server, migrated=isinstance(system, Ours)) as dsn:
        await system.fill(dsn)
        connection = await asyncpg.connect(dsn)
        try:
            await forget_the_past(connection)
            async with (
                asyncio.timeout(MOST_S),
                started(system.command(dsn), system.environment(dsn, folder), log=folder / "log") as worker,
            ):
                return await _watched(system, connection, pids=(worker.pid, server.pid))
        except TimeoutError:
            said = (folder / "log").read_text(encoding="utf-8", errors="replace")[-2000:]
            raise SystemExit(f"{system.name} was not done within {MOST_S} s; it said last: {said}") from None
        finally:
            await connection.close()


async def _watched(system: System, connection: asyncpg.Connection, *, pids: tuple[int, int]) -> Drained:
    count, some = f"SELECT count(*) {system.left}", f"SELECT EXISTS (SELECT {system.left})"
    while True:
        # Before the count, which shows what was left when it began.
        began, cpu_before = time.perf_counter(), [cpu_seconds(pid) for pid in pids]
        if (left := await connection.fetchval(count)) <= WARM * system.jobs:
            break
        await asyncio.sleep(LOOK_S)
    while await connection.fetchval(some):
        await asyncio.sleep(LOOK_S)
    took = time.perf_counter() - began
    worker, postgres = (cpu_seconds(pid) - before for pid, before in zip(pids, cpu_before, strict=True))
    if not left:
        raise SystemExit(f"{system.name} was done before it could be watched: give it more jobs")
    return Drained(rate=left / took, worker_ms=1e3 * worker / left, postgres_ms=1e3 * postgres / left)


def floor(*, jobs: int, name: str = "floor") -> Peer:
    """The bare loop, in our own environment; `floor_in_children`: each of its jobs in another process."""
    return Peer(name=name, python=Path(sys.executable), jobs=jobs, left="FROM job WHERE NOT done")
