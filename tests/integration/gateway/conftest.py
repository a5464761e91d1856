"""A whole gateway over a real database and a real storage, without a socket."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx2
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from common.database import Pool, open_pool
from common.notifier import Notifier
from common.settings import DatabaseSettings, StorageSettings
from common.storage import Storage
from gateway.app import create_app
from gateway.settings import GatewaySettings
from helpers.database import Database
from helpers.factories import a_kind, a_processor


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """The storage of a test, and its folder."""

    storage: Storage
    folder: Path

    def files(self) -> list[Path]:
        """Every file in it, whatever it is."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    folder = tmp_path / "storage"
    return Stored(storage=Storage.open(StorageSettings(url=folder.as_uri())), folder=folder)


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
    return create_app(pool=pool, storage=stored.storage, notifier=notifier, settings=settings)


@pytest.fixture
async def client(app: Starlette) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.fixture
async def offered(connection: asyncpg.Connection) -> None:
    """The kind `profile` is on offer."""
    await a_kind(connection)
    await a_processor(connection)
