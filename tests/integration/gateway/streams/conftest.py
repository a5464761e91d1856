"""Gateways behind sockets, and stories for them, on the event loop that the gateway runs on."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from helpers.database import Database
from helpers.own_task import in_own_task
from helpers.storytellers import Storyteller, storyteller

pytest.register_assert_rewrite("conformance.stream_conformance")


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def teller(database: Database) -> AsyncIterator[Storyteller]:
    async with in_own_task(storyteller(database)) as teller:
        yield teller
