"""Query strings as nobody would write them, at every route of a real gateway: each is answered, never with a 500."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final
from urllib.parse import quote_from_bytes
from uuid import UUID

import asyncpg
import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.openapi.document import OPERATIONS
from gateway.pagination import cursor_of
from helpers.factories import finished_task
from helpers.gateways import GatewayFactory, RunningGateway
from helpers.own_task import in_own_task
from helpers.raw_http import connected_to

PLACES: Final = sorted({(operation.method, operation.path) for operation in OPERATIONS})
NAMES: Final = sorted({each.name for operation in OPERATIONS for each in operation.parameters if each.where == "query"})
NEARLY: Final = (
    *("", "0", "1", "-1", "201", "queued", "failed", "running", "profile", "nightly", "true", "None", "%", "%00", "\0"),
    *("2026-11-22T09:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-11-22", "\ud800", "é"),
    *("01a202b5-f227-7cc4-9a41-a44f52e85de4", "queued.", "cancelled.AAAAAAAAAAAAAAAAAAAAAA", "A" * 22, "9" * 40),
    *("&", "=", ";", "+", "#", "%zz", "[]", "a" * 3_000),
)
# Escaped, with half characters and bytes that are no UTF-8; or as it stands, which is no HTTP now and then.
ESCAPED = (
    st.sampled_from(NEARLY).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=12)
).map(lambda data: quote_from_bytes(data, safe="").encode())
PLAIN = st.binary(max_size=12).filter(lambda data: not set(data) & set(b" \t\r\n"))
PAIRS = st.tuples(st.sampled_from(NAMES).map(str.encode) | ESCAPED | PLAIN, ESCAPED | PLAIN).map(b"=".join)
QUERIES = st.lists(PAIRS | PLAIN, min_size=1, max_size=4).map(b"&".join)


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


@pytest.fixture
async def gateway(gateways: GatewayFactory) -> AsyncIterator[RunningGateway]:
    async with in_own_task(gateways.start(limit_per_caller=1_000)) as gateway:
        yield gateway


@pytest.fixture
async def task(offered: None, connection: asyncpg.Connection) -> str:
    return str(await finished_task(connection, state="failed"))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), query=QUERIES)
async def test_whatever_the_query_says_it_is_answered(
    gateway: RunningGateway, task: str, place: tuple[str, str], query: bytes
) -> None:
    assert await status(gateway, place, task=task, query=query) < 500


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(
        [place for place in PLACES if place[1] in {"/v1/tasks", "/v1/tasks/cancel", "/v1/tasks/retry"}]
    ),
    query=st.dictionaries(st.sampled_from(NAMES).map(str.encode), ESCAPED, min_size=1, max_size=4),
)
async def test_each_parameter_once_with_any_value_is_answered(
    gateway: RunningGateway, task: str, place: tuple[str, str], query: Mapping[bytes, bytes]
) -> None:
    asked = b"&".join(b"%b=%b" % pair for pair in query.items())

    assert await status(gateway, place, task=task, query=asked) < 500


async def test_a_cursor_of_any_id_is_answered(gateway: RunningGateway, task: str) -> None:
    for identity in (0, 2**128 - 1, 2**127):
        query = f"cursor={cursor_of(UUID(int=identity))}".encode()

        assert await status(gateway, ("GET", "/v1/tasks"), task=task, query=query) == 200


async def status(gateway: RunningGateway, place: tuple[str, str], *, task: str, query: bytes) -> int:
    """Of the answer; a stream is not waited for."""
    method, path = place
    target = path.format(id=task, name="a", file="base.css").encode()
    async with connected_to(gateway.url) as client:
        await client.send(b"%b %b?%b HTTP/1.1\r\nHost: localhost\r\n\r\n" % (method.encode(), target, query))
        return (await client.answer()).status
