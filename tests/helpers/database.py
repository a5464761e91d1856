"""Databases for tests: one server a session and version, a migrated template on it, a fresh copy for each test."""

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import asyncpg

from common.migrate import migrate
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import PostgresBinaries

TEMPLATE: Final = "template_sundog"
GATEWAY_ROLE: Final = "sundog_gateway"
PROCESSOR_ROLE: Final = "sundog_processor"
ROLE_PASSWORD: Final = "of-a-test"
# A test's database needs to survive nothing.
SETTINGS: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
    "max_wal_size": "128MB",
    "min_wal_size": "32MB",
}
MEMORY: Final = Path("/dev/shm")
ROOM_BYTES: Final = 4 << 30
PREFIX: Final = "sundog-test-servers-"
JUST_MADE_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """One database of one test.

    Attributes:
        name: its name.
        dsn: as the owner, who may do everything.
        gateway_dsn: as the gateway's role.
        processor_dsn: as the processor's role.
        server: the server it is on, which other tests use too.
    """

    name: str
    dsn: str
    gateway_dsn: str
    processor_dsn: str
    server: EmbeddedPostgres


class DatabaseServer:
    """A server with a migrated template."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server

    async def prepare(self) -> Self:
        """Make and migrate the template, once."""
        async with self._owner() as owner:
            await owner.execute(f"CREATE DATABASE {TEMPLATE}")
        await migrate(self._server.dsn(database=TEMPLATE))
        await self.set_role_passwords()
        return self

    async def set_role_passwords(self) -> None:
        """Give the services' roles, which belong to the whole server, the password that all tests use."""
        async with self._owner() as owner:
            for role in (GATEWAY_ROLE, PROCESSOR_ROLE):
                await owner.execute(f"ALTER ROLE {role} PASSWORD '{ROLE_PASSWORD}'")

    @asynccontextmanager
    async def database(self, *, template: str = TEMPLATE) -> AsyncIterator[Database]:
        """A database of its own for one test, dropped afterwards with whoever is still connected.

        Args:
            template: what it is a copy of; `template0` for an empty one.
        """
        name = f"test_{secrets.token_hex(6)}"
        async with self._owner() as owner:
            await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        try:
            yield self._described(name)
        finally:
            async with self._owner() as owner:
                await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _described(self, name: str) -> Database:
        return Database(
            name=name,
            dsn=self._server.dsn(database=name),
            gateway_dsn=self._server.dsn(user=GATEWAY_ROLE, password=ROLE_PASSWORD, database=name),
            processor_dsn=self._server.dsn(user=PROCESSOR_ROLE, password=ROLE_PASSWORD, database=name),
            server=self._server,
        )

    @asynccontextmanager
    async def _owner(self) -> AsyncIterator[asyncpg.Connection]:
        async with connected(self._server.dsn(database="postgres")) as connection:
            yield connection


@contextlib.contextmanager
def folder_for_servers() -> Iterator[Path]:
    """A folder in memory if there is room, for a copy of the template is some hundred files; removed afterwards."""
    in_memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=MEMORY if in_memory else None) as name:
        folder = Path(name)
        folder.chmod(0o711)  # Postgres may have to run as somebody else
        held = os.open(folder, os.O_RDONLY)
        fcntl.flock(held, fcntl.LOCK_SH)
        _remove_leftovers(folder.parent)
        try:
            yield folder
        finally:
            os.close(held)


def _remove_leftovers(parent: Path) -> None:
    """Remove what sessions left that were killed: nobody holds it any more."""
    for folder in parent.glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            held = os.open(folder, os.O_RDONLY)
            try:
                is_old = folder.stat().st_mtime < time.time() - JUST_MADE_S
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                if is_old:
                    shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(held)


class DatabaseServers:
    """The servers of a test session, each started when a test first asks for its version."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[Path, DatabaseServer] = {}
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *details: object) -> None:
        await self._stack.aclose()

    async def get(self, binaries: PostgresBinaries) -> DatabaseServer:
        """The server of these binaries, started and prepared."""
        if binaries.folder not in self._servers:
            folder = self._folder / str(binaries.major)
            embedded = EmbeddedPostgres(folder, binaries=binaries, settings=SETTINGS, tcp=True)
            server = await self._stack.enter_async_context(embedded)
            self._servers[binaries.folder] = await DatabaseServer(server).prepare()
        return self._servers[binaries.folder]


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection that is closed afterwards, even if its server has gone."""
    connection = await asyncpg.connect(dsn)
    try:
        yield connection
    finally:
        with contextlib.suppress(OSError, asyncpg.PostgresError):
            await connection.close(timeout=5)
