"""Everything on one machine: an embedded Postgres, a gateway and processors, each a process of its own."""

import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import anyio
import asyncpg
import httpx2
from anyio.abc import TaskStatus

from common.database import Connection
from common.errors import SundogError
from common.folder_lock import folder_lock
from common.lifecycle import Service
from common.queries import load_query
from processor import descendants
from sundog.commands.migrate import GATEWAY_ROLE, PROCESSOR_ROLE, migrate_database
from sundog.environment import environment_of
from sundog.listening import Listening, listening
from sundog.part_log import PartLog, Tell
from sundog.postgres import EmbeddedPostgres
from sundog.supervision import Part, SupervisedPart

COUNT_PROCESSORS = load_query("sundog", "count_processors")
START_SECONDS: Final = 60.0
POLL_SECONDS: Final = 0.05
# Analyses take what the API leaves: it must answer in milliseconds while they run.
PROCESSOR_NICENESS: Final = 5
# At a terminal nobody wants to wait as long as a fleet does; what is not finished goes back to the queue.
PROCESSOR_GRACE_S: Final = "5"
HAND_BACK_SECONDS: Final = 10.0
QUIT_SECONDS: Final = 1.0  # for a Postgres that is to end at once


class StartError(SundogError):
    """A part did not get ready; the message carries its last words."""

    code = "start_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpOptions:
    """What to start.

    Attributes:
        host: where the gateway listens.
        port: where the gateway listens; 0 for any free port.
        data: the folder that keeps all state.
        processors: how many.
        slots: analyses that each processor runs at a time.
    """

    host: str = "127.0.0.1"
    port: int = 8080
    data: Path = Path(".data")
    processors: int = 1
    slots: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsns:
    """One database as its three users reach it."""

    owner: str
    gateway: str
    processor: str


class LocalSundog(Service):
    """All parts on this machine: entered means that all of them answer, left means that all of them are gone."""

    def __init__(self, options: UpOptions, *, tell: Tell) -> None:
        """Nothing happens yet.

        Args:
            options: what to start.
            tell: is given lines for a person: what the parts say, in short.
        """
        super().__init__()
        self._options = options
        self._data = options.data.absolute()
        self._tell = tell
        self._postgres: EmbeddedPostgres | None = None
        self.parts: list[SupervisedPart] = []
        self.url = ""
        # A shell that became this process (`exec sundog up`) may have left it its jobs.
        self._strangers = descendants.children()

    async def kill(self) -> None:
        """End all processes at once; leaving the block then takes no time.

        What they leave behind comes to this process, for `end_leftovers`.
        """
        self._strangers = descendants.with_all_below(self._strangers)
        descendants.adopt_orphans()
        for part in self.parts:
            part.kill()
        if self._postgres is not None:
            self._postgres.kill()
            await anyio.sleep(QUIT_SECONDS)
            self._postgres.kill(signal.SIGKILL)

    def end_leftovers(self) -> None:
        """End what is left of all that was started here, once everything has stopped; nothing else."""
        descendants.end_all(but=self._strangers)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Start all, then keep it running until cancelled."""
        # Others may pass through it, since Postgres may have to run as somebody else, but look into nothing in it.
        with folder_lock(self._data, mode=0o711), listening(self._options.host, self._options.port) as address:
            for name in ("logs", "storage", "work"):
                (self._data / name).mkdir(mode=0o700, exist_ok=True)
            self.url = address.url
            async with self._database() as dsns:
                began = await _now(dsns.owner)
                async with anyio.create_task_group() as group:
                    for part in self._parts(dsns, address):
                        self.parts.append(part)
                        group.start_soon(self._supervise, part)
                    await self._until_ready(dsns, began)
                    ready.started()

    async def _supervise(self, part: SupervisedPart) -> None:
        async with part:
            await anyio.sleep_forever()

    @asynccontextmanager
    async def _database(self) -> AsyncIterator[Dsns]:
        """The database that SUNDOG_DATABASE_DSN names, else an embedded one; migrated."""
        if external := os.environ.get("SUNDOG_DATABASE_DSN"):
            await migrate_database(external, {})
            yield Dsns(owner=external, gateway=external, processor=external)
            return
        async with EmbeddedPostgres(self._data / "postgres") as server, anyio.create_task_group() as group:
            self._postgres = server
            # New ones each time: nobody but our own children needs them.
            passwords = {role: secrets.token_urlsafe(24) for role in (GATEWAY_ROLE, PROCESSOR_ROLE)}
            await migrate_database(server.dsn(), passwords)
            group.start_soon(lambda: server.keep_running(tell=self._tell))
            gateway, processor = (server.dsn(user=role, password=password) for role, password in passwords.items())
            yield Dsns(owner=server.dsn(), gateway=gateway, processor=processor)
            group.cancel_scope.cancel()

    def _parts(self, dsns: Dsns, address: Listening) -> Iterator[SupervisedPart]:
        yield self._part(self._gateway(dsns, address))
        for number in range(1, self._options.processors + 1):
            yield self._part(self._processor(dsns, f"processor-{number}"))

    def _part(self, part: Part) -> SupervisedPart:
        log = PartLog(self._data / "logs", part=part.name, tell=self._tell)
        return SupervisedPart(part, log=log, tell=self._tell)

    def _gateway(self, dsns: Dsns, address: Listening) -> Part:
        settings = {
            "SUNDOG_DATABASE_DSN": dsns.gateway,
            "SUNDOG_GATEWAY_HOST": address.host,
            "SUNDOG_GATEWAY_PORT": str(address.port),
            "SUNDOG_GATEWAY_SOCKET_FD": str(address.descriptor),
        }
        return Part(
            name="gateway",
            command=_service("gateway"),
            env=environment_of("gateway", settings, defaults=self._defaults()),
            sockets=(address.descriptor,),
        )

    def _processor(self, dsns: Dsns, name: str) -> Part:
        settings = {
            "SUNDOG_DATABASE_DSN": dsns.processor,
            "SUNDOG_PROCESSOR_SLOTS": str(self._options.slots),
            "SUNDOG_PROCESSOR_WORK_DIR": str(self._data / "work" / name),
        }
        defaults = {**self._defaults(), "SUNDOG_PROCESSOR_GRACE_S": PROCESSOR_GRACE_S}
        env = environment_of("processor", settings, defaults=defaults)
        return Part(
            name=name,
            command=_service("processor"),
            env=env,
            niceness=PROCESSOR_NICENESS,
            grace_s=_seconds(env["SUNDOG_PROCESSOR_GRACE_S"]) + HAND_BACK_SECONDS,
        )

    def _defaults(self) -> Mapping[str, str]:
        return {"SUNDOG_STORAGE_URL": (self._data / "storage").as_uri()}

    async def _until_ready(self, dsns: Dsns, began: datetime) -> None:
        with anyio.move_on_after(START_SECONDS):
            async with anyio.create_task_group() as group:
                for part in self.parts:
                    group.start_soon(self._fail_when_ended, part)
                await self._until_all_answer(dsns, began)
                group.cancel_scope.cancel()
            return
        raise StartError(f"Not all parts were ready within {START_SECONDS:.0f} s.", advice=self._advice())

    async def _until_all_answer(self, dsns: Dsns, began: datetime) -> None:
        async with httpx2.AsyncClient(base_url=self.url) as client, connected(dsns.owner) as connection:
            while not (await _answers(client) and await self._all_announced(connection, began)):  # noqa: ASYNC110 - of others
                await anyio.sleep(POLL_SECONDS)

    async def _fail_when_ended(self, part: SupervisedPart) -> None:
        await part.ended.wait()
        raise StartError(f"{part.part.name} did not start: {part.log.last_words}", advice=self._advice())

    async def _all_announced(self, connection: Connection, began: datetime) -> bool:
        announced = await connection.fetchval(COUNT_PROCESSORS, began)
        return bool(announced >= self._options.processors)

    def _advice(self) -> str:
        return f"The logs are in {self._data / 'logs'}."


def _service(name: str) -> Sequence[str]:
    # -P keeps a file of the present folder from standing in for a module of ours.
    return (sys.executable, "-P", "-m", "sundog", name)


def _seconds(text: str) -> float:
    """What the processor will read too, and complain about by name if it is no number."""
    try:
        return float(text)
    except ValueError:
        return 0.0


async def _answers(client: httpx2.AsyncClient) -> bool:
    try:
        return (await client.get("/readyz")).is_success
    except httpx2.TransportError:
        return False


async def _now(dsn: str) -> datetime:
    """The database's clock."""
    async with connected(dsn) as connection:
        now: datetime = await connection.fetchval("SELECT now()")
        return now


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[Connection]:
    """One connection for a short while."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        connection.terminate()
