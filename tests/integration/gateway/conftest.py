"""A whole gateway over a real database and a real storage, without a socket; and some with one."""

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from common.database import Pool, open_pool
from common.notifier import Notifier
from common.settings import DatabaseSettings
from gateway.app import create_app
from gateway.settings import GatewaySettings
from helpers.database import Database
from helpers.factories import a_kind, a_processor
from helpers.gateways import GatewayFactory
from helpers.live import idle_live
from helpers.storage import Stored


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored.open(tmp_path / "storage")


@pytest.fixture
def settings() -> GatewaySettings:
    """A test that needs others overrides this fixture. Small limits, so that it takes few bytes to break them."""
    return GatewaySettings(upload_limit_bytes=100_000, body_limit_bytes=20_000, kinds_cache_s=0)


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    """As the gateway's own role, so that every test also proves its grants."""
    settings = DatabaseSettings(dsn=SecretStr(database.gateway_dsn), pool_size=4)
    async with open_pool(settings, service="gateway") as pool:
        yield pool


@pytest.fixture
def notifier(pool: Pool) -> Notifier:
    """Not started: a test that wants the hints sent says so with `flush`."""
    return Notifier(pool=pool)


@pytest.fixture
def app(pool: Pool, stored: Stored, notifier: Notifier, settings: GatewaySettings) -> Starlette:
    return create_app(pool=pool, storage=stored.storage, notifier=notifier, live=idle_live(pool), settings=settings)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def at_the_door(stored: Stored, settings: GatewaySettings) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of a gateway without a database, for what must be decided before one is asked."""
    async with asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0) as pool:
        app = create_app(
            pool=pool, storage=stored.storage, notifier=Notifier(pool=pool), live=idle_live(pool), settings=settings
        )
        async with client_of(app) as client:
            yield client


def client_of(app: Starlette) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://localhost")


@pytest.fixture
def gateways(database: Database, tmp_path: Path) -> GatewayFactory:
    """Starts gateways behind sockets."""
    return GatewayFactory(database=database, folder=tmp_path)


@pytest.fixture
async def offered(connection: asyncpg.Connection) -> None:
    """The kind `profile` is on offer."""
    await a_kind(connection)
    await a_processor(connection)
