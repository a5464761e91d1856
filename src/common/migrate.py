"""Brings a database to this release's schema.

A new one gets the whole of schema.sql, one that is there the numbered files that it misses.
Repeatable, and safe when several run at once: one transaction under an advisory lock, so that the second finds the work
done. It needs the database's owner; the services have roles of their own that cannot change the schema.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from common.database import NEWEST_SCHEMA, SELECT_SCHEMA_VERSION, Connection
from common.errors import ConfigurationError
from common.schema import migrations, schema_folder, schema_sql

log = logging.getLogger(__name__)

LOCK = 0x73756E646F67  # "sundog"; one key for all who change this schema

# ALTER ROLE takes no parameters, so the server itself quotes the two words.
SET_PASSWORD = "SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text)"  # noqa: S105 - a statement, no password


@dataclass(frozen=True, slots=True, kw_only=True)
class MigrationReport:
    """What a migration did: the version before (0: a new database) and after."""

    before: int
    after: int


async def migrate(
    dsn: str, *, passwords: Mapping[str, str] | None = None, folder: Path | None = None, newest: int = NEWEST_SCHEMA
) -> MigrationReport:
    """Bring the database at `dsn` to version `newest`.

    Args:
        dsn: of the database's owner.
        passwords: role name → password to set, so that the services can log in.
        folder: holds schema.sql and migrations/; None for this release's own.
        newest: the version to stop at.

    Raises:
        ConfigurationError: the database is newer than this release.
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    connection: Connection = await asyncpg.connect(dsn, timeout=30)
    try:
        async with connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock($1)", LOCK)
            before = await _present_version(connection)
            after = await _move(connection, before=before, folder=folder or schema_folder(), newest=newest)
            await _set_passwords(connection, passwords or {})
    finally:
        await connection.close()
    log.info("schema migrated from version %d to %d", before, after)
    return MigrationReport(before=before, after=after)


async def _present_version(connection: Connection) -> int:
    if await connection.fetchval("SELECT to_regclass('schema_version') IS NULL"):
        return 0
    return int(await connection.fetchval(SELECT_SCHEMA_VERSION))


async def _move(connection: Connection, *, before: int, folder: Path, newest: int) -> int:
    if before > newest:
        raise ConfigurationError(
            f"The database's schema has version {before}, this release knows {newest} at most.",
            advice="Migrate from a newer release.",
        )
    if before == 0:
        await connection.execute(schema_sql(folder))
        return await _present_version(connection)
    for migration in migrations(folder):
        if before < migration.version <= newest:
            await connection.execute(migration.sql)
            await connection.execute(
                "INSERT INTO schema_version (version, name) VALUES ($1, $2)", migration.version, migration.name
            )
    return await _present_version(connection)


async def _set_passwords(connection: Connection, passwords: Mapping[str, str]) -> None:
    for role, password in passwords.items():
        await connection.execute(await connection.fetchval(SET_PASSWORD, role, password))
