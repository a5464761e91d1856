"""The pool of connections, and what its errors mean: not now, not with these values, or not at all."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, TypeAlias

import anyio
import asyncpg

from common.errors import ConfigurationError
from common.queries import load_query
from common.settings import DatabaseSettings

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
Queryable: TypeAlias = "asyncpg.Connection[asyncpg.Record] | asyncpg.Pool[asyncpg.Record]"

# The range of schema versions that this release works with. A release that needs a newer schema raises the first only
# after the release before it could work with that schema too (expand, switch, contract), so that both run side by side
# during a roll-out.
OLDEST_SCHEMA = 7
NEWEST_SCHEMA = 7

CLOSE_S = 1.0

# Postgres keeps one plan for any values of a statement that is used often only if that promises as much as planning
# anew for each call. Of statements that take lists, or that look into a long queue, it never believes so; and then a
# claim, or the look at a task, takes longer to plan than to run. So it is told. Tests know the plans that it makes.
ONE_PLAN = "force_generic_plan"
# The price: it cannot know how much a range holds, takes it for little, and would sort all of it instead of walking an
# index to the first few. Statements that ask for a part of a list are planned for their values.
FOR_THESE_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"
# Before a table has statistics, as after a restore, Postgres takes "since a moment" for a third of it, and reads all.
BY_INDEX = "SET LOCAL enable_seqscan = off"

# What each session of a service is told at its start. A pooler must let these pass, or ignore them: docs/operations.md.
SESSION: Final[Mapping[str, str]] = {
    # Our statements are short; compiling a plan would cost more than running it.
    "jit": "off",
    "plan_cache_mode": ONE_PLAN,
    # A service that freezes between two statements of a transaction (SIGSTOP, a machine that sleeps) would keep its
    # locks for as long: no task would be claimed anywhere. Ours do nothing but ask the database in between.
    "idle_in_transaction_session_timeout": "5s",
    # And one whose machine is gone would keep its connections for hours.
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}

SELECT_SCHEMA_VERSION = load_query("common", "select_schema_version")

# Errors that say "not now": the server is starting, stopping, full or not the one that writes, the connection is gone,
# or two transactions stood in each other's way.
TRANSIENT = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # used in the moment in which Postgres was ending it, before its end was seen
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.IdleInTransactionSessionTimeoutError,  # we were frozen in the middle of one
    asyncpg.ReadOnlySQLTransactionError,
    OSError,
    TimeoutError,
)

# Errors that say "never, with these values". All others are about the statement or the schema: another value would fail
# as well, so no value may be blamed for them.
REFUSED = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.CardinalityViolationError,  # two rows of one key in one statement
    asyncpg.ProgramLimitExceededError,
)


@asynccontextmanager
async def open_pool(settings: DatabaseSettings, *, service: str) -> AsyncIterator[Pool]:
    """A pool for this service; its first connection is made at once, so that a wrong DSN shows at start.

    Raises:
        ConfigurationError: the DSN cannot be parsed.
        OSError, asyncpg.PostgresError: Postgres cannot be reached or refuses.
    """
    options: dict[str, Any] = {
        "min_size": 1,
        "max_size": settings.pool_size,
        "statement_cache_size": settings.statement_cache,
        "max_cached_statement_lifetime": 0,
        "command_timeout": settings.timeout_s,
        "timeout": 10,
        "reset": _leave,
        "server_settings": {"application_name": f"sundog-{service}", **SESSION},
    }
    try:
        pool = asyncpg.create_pool(settings.dsn.get_secret_value(), **options)
    except (ValueError, asyncpg.ClientConfigurationError) as error:
        raise ConfigurationError(
            "SUNDOG_DATABASE_DSN is not a Postgres connection string.",
            advice="Write postgresql://user:password@host:5432/database.",
        ) from error
    try:
        await pool
        yield pool
        # A connection that is dead without an error would not let itself be closed.
        with anyio.move_on_after(CLOSE_S):
            await pool.close()
    finally:
        pool.terminate()


async def _leave(_connection: Connection) -> None:
    """Nothing to undo when a connection goes back to the pool.

    The default asks Postgres to reset the session, and whoever asked for a statement waits for that, too. Ours leave
    nothing in a session: no setting, no cursor, no listener, no lock that outlives its transaction; and asyncpg rolls
    back one that is open in any case.
    """


async def fetch_in_time(pool: Pool, statement: str, *arguments: object, timeout_s: float) -> list[asyncpg.Record]:
    """The rows of a statement that is given up after a while, and its connection with it.

    `pool.fetch` with a timeout is not enough: it then waits for the end of what it cancelled, as long as for any
    statement, and on a connection that hangs that never comes.

    Raises:
        TimeoutError: it took longer; so may have getting a connection, or giving it back.
    """
    async with pool.acquire(timeout=timeout_s) as connection:
        rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments, timeout=timeout_s)
        return rows


async def fetch_planned(
    pool: Pool, planning: str, statement: str, *arguments: object, timeout_s: float | None = None
) -> list[asyncpg.Record]:
    """The rows of a statement that only reads, planned in a way of its own; it costs two more round trips.

    Args:
        pool: where it runs.
        planning: `FOR_THESE_VALUES` or `BY_INDEX`.
        statement: with its arguments.
        arguments: of the statement.
        timeout_s: how long each step may take; None: as long as any statement.

    Raises:
        TimeoutError: it took longer.
    """
    async with pool.acquire(timeout=timeout_s) as connection:
        try:
            await connection.execute(f"BEGIN READ ONLY; {planning}", timeout=timeout_s)
            rows: list[asyncpg.Record] = await connection.fetch(statement, *arguments, timeout=timeout_s)
            await connection.execute("COMMIT", timeout=timeout_s)
        except BaseException:
            connection.terminate()  # it may hang; and nobody wants one that is in a transaction
            raise
    return rows


async def check_schema(connection: Queryable) -> int:
    """The database's schema version, if this release can work with it.

    Raises:
        ConfigurationError: there is no schema, or one that is too old or too new for this release.
    """
    try:
        version = await connection.fetchval(SELECT_SCHEMA_VERSION)
    except asyncpg.UndefinedTableError as error:
        raise ConfigurationError(
            "The database has no Sundog schema.", advice="Run `sundog migrate` with its owner's DSN."
        ) from error
    if version is None or version < OLDEST_SCHEMA:
        raise ConfigurationError(
            f"The database's schema has version {version}, this release needs {OLDEST_SCHEMA} or later.",
            advice="Run `sundog migrate` from this release.",
        )
    if version > NEWEST_SCHEMA:
        raise ConfigurationError(
            f"The database's schema has version {version}, this release knows {NEWEST_SCHEMA} at most.",
            advice="Deploy a newer release; this one is older than the database.",
        )
    return int(version)
