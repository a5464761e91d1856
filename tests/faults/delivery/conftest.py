"""Gateways behind sockets, and stories for them, on the event loop that the gateway runs on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from helpers.database import Database
from helpers.gateways import GatewayFactory
from helpers.own_task import in_own_task
from helpers.storytellers import Storyteller, storyteller


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
def gateways(database: Database, tmp_path: Path) -> GatewayFactory:
    return GatewayFactory(database=database, folder=tmp_path)


@pytest.fixture
async def teller(database: Database) -> AsyncIterator[Storyteller]:
    async with in_own_task(storyteller(database)) as teller:
        yield teller
