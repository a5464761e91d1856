from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from helpers.breaking_environment import python_with_breaking_kinds
from helpers.database import Database
from helpers.postgres_proxy import PostgresProxy, postgres_proxy
from helpers.processors import ProcessorFactory
from helpers.unwalled import python_without_walls


@pytest.fixture(scope="session")
def breaking_python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The Python of an environment that has the breaking and the worse kinds."""
    return python_with_breaking_kinds(tmp_path_factory.mktemp("breaking"))


@pytest.fixture
def processors(database: Database, breaking_python: str, tmp_path: Path) -> ProcessorFactory:
    return ProcessorFactory(database=database, python=breaking_python, folder=tmp_path)


@pytest.fixture
def unwalled(processors: ProcessorFactory, tmp_path: Path) -> ProcessorFactory:
    """Processors whose children are kept by nothing but the supervisor's care, as on a machine that has no walls."""
    return replace(processors, python=python_without_walls(processors.python, folder=tmp_path))


@pytest.fixture
async def proxy(database: Database) -> AsyncIterator[PostgresProxy]:
    """A proxy before the database's server."""
    async with postgres_proxy(upstream=database.server.port) as proxy:
        yield proxy


@pytest.fixture
def proxied(processors: ProcessorFactory, proxy: PostgresProxy) -> ProcessorFactory:
    """Processors that reach the database through the proxy."""
    return processors.through(proxy.dsn(processors.database.processor_dsn))
