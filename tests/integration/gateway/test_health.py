"""Alive and ready, for whoever starts and watches gateways."""

import os
import signal

import asyncpg
import httpx2
import pytest

from common.database import Pool
from gateway.settings import GatewaySettings


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(ready_timeout_s=0.2)


async def test_alive_needs_no_database(at_the_door: httpx2.AsyncClient) -> None:
    answer = await at_the_door.get("/healthz")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_ready_with_a_schema_that_fits(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    ready = await client.get("/readyz")
    await connection.execute("INSERT INTO schema_version (version, name) VALUES (1000, 'of a later release')")
    too_new = await client.get("/readyz")

    assert (ready.status_code, ready.json()["status"]) == (200, "ready")
    assert (too_new.status_code, too_new.json()["code"]) == (503, "configuration")


async def test_a_database_that_is_frozen_is_not_waited_for(client: httpx2.AsyncClient, pool: Pool) -> None:
    backend = await pool.fetchval("SELECT pg_backend_pid()")
    os.kill(backend, signal.SIGSTOP)
    try:
        frozen = await client.get("/readyz")
    finally:
        os.kill(backend, signal.SIGCONT)

    assert (frozen.status_code, frozen.json()["code"]) == (503, "not_ready")
    assert frozen.headers["retry-after"] == "1"
    assert (await client.get("/readyz")).status_code == 200
