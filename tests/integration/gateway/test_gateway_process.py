"""The gateway as a process: how it starts, refuses to start, and stops."""

import asyncio
import os
import re
import socket
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import httpx2
import pytest

from helpers.database import Database, DatabaseServer

LISTENS = re.compile(rb"gateway listens on port (\d+)")
COMMAND = (sys.executable, "-P", "-m", "sundog", "gateway")
WITHIN_S = 30


@pytest.fixture
def environment(database: Database, tmp_path: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    return inherited | {
        "SUNDOG_DATABASE_DSN": database.gateway_dsn,
        "SUNDOG_STORAGE_URL": (tmp_path / "storage").as_uri(),
        "SUNDOG_GATEWAY_PORT": "0",
        "SUNDOG_GATEWAY_SHUTDOWN_S": "1",
    }


@asynccontextmanager
async def process(
    environment: Mapping[str, str], *, pass_fds: Collection[int] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A gateway, killed afterwards if it has not ended by itself."""
    started = await asyncio.create_subprocess_exec(
        *COMMAND, env=environment, stderr=asyncio.subprocess.PIPE, pass_fds=pass_fds
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def end_of(environment: Mapping[str, str]) -> tuple[int | None, bytes]:
    """The exit code of a gateway that ends by itself, and what it said."""
    async with process(environment) as started:
        _, errors = await started.communicate()
    return started.returncode, errors


async def port_of(started: asyncio.subprocess.Process) -> int:
    assert started.stderr is not None
    async for line in started.stderr:
        if listens := LISTENS.search(line):
            return int(listens[1])
    raise AssertionError("the gateway ended before it listened")


async def test_it_serves_and_stops_in_time_with_an_upload_under_way(environment: dict[str, str]) -> None:
    async with process(environment) as started:
        port = await port_of(started)
        async with httpx2.AsyncClient() as client:
            ready = await client.get(f"http://127.0.0.1:{port}/readyz")
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(b"PUT /v1/datasets/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx")
            started.terminate()
            ended = await started.wait()

    assert (ready.status_code, ended) == (200, 0)


async def test_it_serves_on_a_socket_that_it_inherits(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        descriptor = listening.fileno()
        environment["SUNDOG_GATEWAY_SOCKET_FD"] = str(descriptor)
        async with process(environment, pass_fds=(descriptor,)) as started, httpx2.AsyncClient() as client:
            # Nobody waits for it to be ready: the socket has been listening all the time.
            alive = await client.get(f"http://127.0.0.1:{listening.getsockname()[1]}/healthz", timeout=WITHIN_S)
            started.terminate()
            await started.wait()

    assert alive.status_code == 200


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"SUNDOG_GATEWAY_HOST": "0.0.0.0"}, b"SUNDOG_GATEWAY_OPEN=true"),
        (
            {"SUNDOG_GATEWAY_PUBLISHED": "192.0.2.1", "SUNDOG_GATEWAY_OPEN": "true"},
            b"Set SUNDOG_GATEWAY_ALLOWED_HOSTS",
        ),
        ({"SUNDOG_STORAGE_URL": "nonsense"}, b"SUNDOG_STORAGE_URL"),
        ({"SUNDOG_GATEWAY_PORT": "many"}, b"SUNDOG_GATEWAY_PORT"),
    ],
)
async def test_it_refuses_to_start_with_a_sentence(
    environment: dict[str, str], settings: Mapping[str, str], said: bytes
) -> None:
    code, errors = await end_of(environment | dict(settings))

    assert code == 1
    assert said in errors
    assert b"Traceback" not in errors
    assert environment["SUNDOG_DATABASE_DSN"].encode() not in errors


async def test_it_refuses_a_database_without_a_schema(
    environment: dict[str, str], database_server: DatabaseServer
) -> None:
    async with database_server.database(template="template0") as empty:
        code, errors = await end_of(environment | {"SUNDOG_DATABASE_DSN": empty.gateway_dsn})

    assert code == 1
    assert b"sundog migrate" in errors


async def test_it_refuses_an_address_that_is_taken(environment: dict[str, str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        environment["SUNDOG_GATEWAY_PORT"] = str(taken.getsockname()[1])
        code, errors = await end_of(environment)

    assert code == 1
    assert b"cannot listen on 127.0.0.1" in errors
