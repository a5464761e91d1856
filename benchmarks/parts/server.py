"""A Postgres for one benchmark, durable as by default: fsync and synchronous_commit are on."""

import secrets
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from common.migrate import migrate
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import find_postgres

SETTINGS = {"shared_buffers": "128MB", "max_connections": "200"}


@asynccontextmanager
async def bench_server(
    settings: Mapping[str, str] | None = None,
) -> AsyncIterator[tuple[EmbeddedPostgres, Path]]:
    """A server, and a folder that is removed with it; `settings` are more of the server's."""
    with tempfile.TemporaryDirectory(prefix="sundog-bench-") as name:
        folder = Path(name)
        server = EmbeddedPostgres(
            folder / "postgres", binaries=find_postgres({}), settings={**SETTINGS, **(settings or {})}
        )
        async with server:
            yield server, folder


@asynccontextmanager
async def fresh_database(server: EmbeddedPostgres, *, migrated: bool = False) -> AsyncIterator[str]:
    """The DSN, as its owner, of a database that is dropped afterwards; with Sundog's schema if asked for."""
    name = f"bench_{secrets.token_hex(6)}"
    owner = await asyncpg.connect(server.dsn(database="postgres"))
    try:
        await owner.execute(f"CREATE DATABASE {name}")
        dsn = server.dsn(database=name)
        if migrated:
            await migrate(dsn)
        yield dsn
    finally:
        await owner.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await owner.close()


async def forget_the_past(connection: asyncpg.Connection) -> None:
    """Leave neither statistics to guess nor a checkpoint to come from what was written to prepare a measurement."""
    await connection.execute("VACUUM ANALYZE")
    await connection.execute("CHECKPOINT")
