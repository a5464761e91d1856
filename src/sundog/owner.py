"""The database as its owner reaches it, for commands that only the owner may give."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote, urlencode

from common.configuration import read_settings
from common.errors import ConfigurationError
from common.settings import DatabaseSettings
from sundog.commands.migrate import migrate_database
from sundog.postgres import DATABASE, EmbeddedPostgres
from sundog.postgres_cluster import OWNER, Cluster


@asynccontextmanager
async def owner_dsn(data: Path | None) -> AsyncIterator[str]:
    """The owner's DSN, as long as the block lasts.

    Args:
        data: the folder of a `sundog up`, absolute. If that runs its Postgres is used, else it is started, and
            migrated, for as long as this lasts. None: SUNDOG_DATABASE_DSN says where the database is.

    Raises:
        ConfigurationError: there is no such variable, or the folder's Postgres cannot be started.
    """
    if data is None:
        yield read_settings(DatabaseSettings).dsn.get_secret_value()
        return
    cluster = Cluster(data / "postgres")
    if (running := _running_dsn(cluster)) is not None:
        yield running
        return
    async with EmbeddedPostgres(cluster.folder) as server:
        await migrate_database(server.dsn(), {})
        yield server.dsn()


def _running_dsn(cluster: Cluster) -> str | None:
    """Where the server of this folder listens, if one does; its owner's password is readable by us alone."""
    address = cluster.socket_address()
    if address is None:
        return None
    folder, port = address
    place = urlencode({"host": folder, "port": port})
    return f"postgresql://{OWNER}:{quote(_password(cluster), safe='')}@/{DATABASE}?{place}"


def _password(cluster: Cluster) -> str:
    try:
        return cluster.password
    except OSError as error:
        raise ConfigurationError(
            f"The password in {cluster.folder} cannot be read: {error.strerror}.", advice="Run this as its owner."
        ) from error
