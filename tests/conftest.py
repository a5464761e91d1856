"""Fixtures that all tests may use: a fresh, migrated database on a real Postgres."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import hypothesis
import pytest
import pytest_asyncio

from helpers.database import Database, DatabaseServer, DatabaseServers, connected, folder_for_servers
from sundog.postgres_binaries import PostgresBinaries, find_postgres

# The same examples in each run: what has not changed does not fail. New ones: pytest --hypothesis-profile=explore
# A machine that many tests share is slow now and then, which is no failure.
patient = hypothesis.settings(deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.register_profile("steady", patient, derandomize=True)
hypothesis.settings.register_profile("explore", patient, print_blob=True)
hypothesis.settings.load_profile("steady")

OLDEST = Path("/usr/lib/postgresql/15/bin")


def default_postgres() -> PostgresBinaries:
    """The server that tests run on: what SUNDOG_TEST_POSTGRES_BIN names, else the newest that is installed with us."""
    named = os.environ.get("SUNDOG_TEST_POSTGRES_BIN")
    return find_postgres({"SUNDOG_POSTGRES_BIN": named} if named else {})


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a test that is marked `every_postgres` on the newest server and on the oldest that Sundog works with."""
    if metafunc.definition.get_closest_marker("every_postgres") and "postgres" in metafunc.fixturenames:
        missing = pytest.mark.skipif(not OLDEST.exists(), reason=f"there is no {OLDEST}")
        versions = [pytest.param(None, id="newest"), pytest.param(OLDEST, id="oldest", marks=missing)]
        metafunc.parametrize("postgres", versions, indirect=True, scope="session")


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember how a run ended, for `.ci/again`: failed tests are one thing, a run that broke off is another."""
    cache = getattr(session.config, "cache", None)  # none with -p no:cacheprovider
    if cache is not None and not hasattr(session.config, "workerinput"):
        cache.set("sundog/ended_with", int(exitstatus))


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def servers() -> AsyncIterator[DatabaseServers]:
    with folder_for_servers() as folder:
        async with DatabaseServers(folder) as servers:
            yield servers


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> PostgresBinaries:
    folder: Path | None = getattr(request, "param", None)
    return default_postgres() if folder is None else find_postgres({"SUNDOG_POSTGRES_BIN": str(folder)})


@pytest.fixture
async def database_server(servers: DatabaseServers, postgres: PostgresBinaries) -> DatabaseServer:
    """The server that `database` is on; its `database(template="template0")` gives an empty one."""
    return await servers.get(postgres)


@pytest.fixture
async def database(database_server: DatabaseServer) -> AsyncIterator[Database]:
    """A database of the test's own, at the present schema."""
    async with database_server.database() as database:
        yield database


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection to `database` as its owner."""
    async with connected(database.dsn) as connection:
        yield connection
