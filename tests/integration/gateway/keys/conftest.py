"""A gateway behind a socket that asks for keys, and keys for it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import asyncpg
import httpx2
import pytest
import uvloop

from common.tokens import Token
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.keys import a_key, bearer
from helpers.own_task import in_own_task


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def admin(connection: asyncpg.Connection) -> Token:
    """Of the tenant `default`."""
    return await a_key(connection, name="the admin")


@pytest.fixture
async def guarded(gateways: GatewayFactory, admin: Token) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start(own={"open": False})) as gateway:
        yield gateway


@pytest.fixture
async def client(guarded: RunningGateway) -> AsyncIterator[httpx2.AsyncClient]:
    """Nobody, until it sends a key."""
    async with httpx2.AsyncClient(base_url=guarded.url) as client:
        yield client


@pytest.fixture
async def as_admin(guarded: RunningGateway, admin: Token) -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(base_url=guarded.url, headers=bearer(admin)) as client:
        yield client
