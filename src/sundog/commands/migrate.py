"""`sundog migrate`."""

import os
from argparse import Namespace
from collections.abc import Mapping
from typing import Final

import anyio
import asyncpg

from common.configuration import read_settings
from common.errors import ConfigurationError
from common.migrate import MigrationReport, migrate
from common.settings import DatabaseSettings
from sundog.command import Command

GATEWAY_ROLE: Final = "sundog_gateway"
PROCESSOR_ROLE: Final = "sundog_processor"
# Role → the variable with the password that it is to get.
PASSWORD_VARIABLES: Final = {
    GATEWAY_ROLE: "SUNDOG_MIGRATE_GATEWAY_PASSWORD",
    PROCESSOR_ROLE: "SUNDOG_MIGRATE_PROCESSOR_PASSWORD",
}


async def migrate_database(dsn: str, passwords: Mapping[str, str]) -> MigrationReport:
    """Migrate, or say why not.

    Raises:
        ConfigurationError: Postgres cannot be reached, refuses, or holds a newer schema.
    """
    try:
        return await migrate(dsn, passwords=passwords)
    except OSError as error:
        raise ConfigurationError(
            f"Postgres cannot be reached: {error}.", advice="Check SUNDOG_DATABASE_DSN."
        ) from error
    except asyncpg.PostgresError as error:
        raise ConfigurationError(
            f"Postgres refused to migrate: {error}.", advice="SUNDOG_DATABASE_DSN must be the owner's."
        ) from error


def run(_: Namespace) -> None:
    """Migrate and say what was done."""
    dsn = read_settings(DatabaseSettings).dsn.get_secret_value()
    passwords = {role: os.environ[name] for role, name in PASSWORD_VARIABLES.items() if os.environ.get(name)}
    report = anyio.run(migrate_database, dsn, passwords)
    if report.before == report.after:
        print(f"The schema was at version {report.after} already.")  # noqa: T201 - the answer to the command
    else:
        print(f"The schema went from version {report.before} to {report.after}.")  # noqa: T201 - as above


COMMAND = Command(
    name="migrate",
    help="bring the database to this release's schema",
    description=(
        "Brings the database at SUNDOG_DATABASE_DSN to this release's schema. Needs its owner's DSN. Repeatable, and "
        "safe when several run at once. Sets the passwords of the two service roles if SUNDOG_MIGRATE_GATEWAY_PASSWORD "
        "and SUNDOG_MIGRATE_PROCESSOR_PASSWORD give them."
    ),
    run=run,
)
