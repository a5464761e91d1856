"""Kinds and processors: what can be asked for, and who does the work."""

from datetime import timedelta

import asyncpg
import httpx2
import pytest

from common.database import Pool
from gateway.kinds import Catalogue
from helpers.factories import PARAMS_SCHEMA, a_kind, a_processor, running_task


async def test_a_kind_on_offer_is_shown_in_full(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await a_kind(connection)
    await a_processor(connection)
    await a_processor(connection, name="processor-2")

    assert (await client.get("/v1/kinds")).json() == {
        "kinds": [
            {
                "name": "profile",
                "version": "1",
                "title": "Profile",
                "summary": "What is in each column.",
                "inputs": {"data": "the table to profile"},
                "example": {},
                "params_schema": PARAMS_SCHEMA,
                "result_schema": None,
                "processors": 2,
            }
        ]
    }


async def test_a_kind_without_a_living_processor_is_not_on_offer(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_kind(connection)
    await a_processor(connection, heartbeat_age=timedelta(minutes=1))
    await a_processor(connection, kinds=["convert"])

    assert (await client.get("/v1/kinds")).json() == {"kinds": []}


async def test_of_two_versions_the_one_announced_last_is_shown(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_processor(connection)
    await a_kind(connection, version="10")
    await a_kind(connection, version="9")
    await connection.execute("UPDATE kind SET announced_at = announced_at - interval '1 h' WHERE version = '9'")

    assert [kind["version"] for kind in (await client.get("/v1/kinds")).json()["kinds"]] == ["10"]


@pytest.mark.parametrize(("cache_s", "seen"), [(0.0, ["profile"]), (100.0, [])])
async def test_the_catalogue_is_read_again_when_it_is_old(
    pool: Pool, connection: asyncpg.Connection, cache_s: float, seen: list[str]
) -> None:
    catalogue = Catalogue(pool=pool, fresh_s=30, cache_s=cache_s)
    assert await catalogue.kinds() == {}
    await a_kind(connection)

    assert list(await catalogue.kinds()) == seen


async def test_processors_are_shown_with_what_they_run(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    processor = await a_processor(connection, slots=4, stopping=True)
    await a_processor(connection, heartbeat_age=timedelta(minutes=1))
    await running_task(connection, processor=processor)

    (shown,) = (await client.get("/v1/processors")).json()["processors"]
    assert (shown["id"], shown["slots"], shown["running"], shown["stopping"]) == (str(processor), 4, 1, True)
