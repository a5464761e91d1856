"""Uploads larger than memory should be: what the gateway keeps of them does not grow with them."""

import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import httpx2
import pytest
from pydantic import SecretStr

from common.database import open_pool
from common.settings import DatabaseSettings, StorageSettings
from common.storage import Storage
from helpers.database import Database
from helpers.eventually import eventually
from helpers.gateway_process import GatewayProcess, gateway_process
from helpers.raw_http import connected_to
from processor.settings import RetentionSettings
from processor.sweeper import Sweeper

CHUNK: Final = bytes(range(256)) * 4_096  # 1 MiB
WARM_MIB: Final = 64
LARGE_MIB: Final = int(os.environ.get("SUNDOG_TEST_UPLOAD_MIB", "2048"))
FORM_MIB: Final = 512
MOST_GROWTH: Final = 48 << 20  # buffers of the storage's parts in flight, whatever the size


def peak_bytes(pid: int) -> int:
    """The most memory that the process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


def empty(folder: Path) -> None:
    """Remove gigabytes that no later test needs."""
    for stored in folder.rglob("*"):
        if stored.is_file():
            stored.unlink()


async def chunks(mib: int) -> AsyncIterator[bytes]:
    yield b"%d," % mib  # other bytes for each size
    for _ in range(mib):
        yield CHUNK


async def hand_in(gateway: GatewayProcess, mib: int) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=300) as client:
        answer = await client.put(f"/v1/datasets/{mib}.bin", content=chunks(mib))
    assert answer.status_code == 201
    assert answer.json()["bytes"] == (mib << 20) + len(str(mib)) + 1


async def test_what_a_gateway_was_taking_when_it_was_killed_is_swept(database: Database, tmp_path: Path) -> None:
    """Bytes that came last a day ago: before that a client may be slow."""
    storage = Storage.open(StorageSettings(url=(tmp_path / "storage").as_uri()))

    async def upload_began() -> bool:
        return sum(upload.bytes for upload in await storage.uploads()) > 0

    async with gateway_process(database, tmp_path) as gateway, connected_to(gateway.url) as client:
        await client.send(b"PUT /v1/datasets/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n")
        await client.send(CHUNK * 24)
        await eventually(upload_began)
        gateway.process.kill()
        await gateway.ended()
    dsn = SecretStr(database.processor_dsn)
    async with open_pool(DatabaseSettings(dsn=dsn, pool_size=2), service="processor") as pool:
        sweeper = Sweeper(pool=pool, storage=storage, settings=RetentionSettings())
        young = await sweeper.run_once()
        for path in (tmp_path / "storage" / "incoming").iterdir():
            os.utime(path, (time.time() - 25 * 3_600,) * 2)
        old = await sweeper.run_once()

    assert (young.uploads, old.uploads, await storage.uploads()) == (0, 1, [])


async def a_form(mib: int) -> AsyncIterator[bytes]:
    yield f'--XX\r\nContent-Disposition: form-data; name="data"; filename="{mib}.bin"\r\n\r\n'.encode()
    async for chunk in chunks(mib):
        yield chunk
    yield b"\r\n--XX--\r\n"


async def hand_in_a_form(gateway: GatewayProcess, mib: int) -> None:
    headers = {"content-type": "multipart/form-data; boundary=XX"}
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=300) as client:
        answer = await client.post("/v1/datasets", content=a_form(mib), headers=headers)
    assert answer.status_code == 201
    assert answer.json()["bytes"] == (mib << 20) + len(str(mib)) + 1


@pytest.mark.parametrize(("send", "large_mib"), [(hand_in, LARGE_MIB), (hand_in_a_form, FORM_MIB)])
async def test_a_large_upload_takes_no_more_memory_than_a_small_one(
    database: Database, tmp_path: Path, send: Callable[[GatewayProcess, int], Awaitable[None]], large_mib: int
) -> None:
    async with gateway_process(database, tmp_path) as gateway:
        await send(gateway, WARM_MIB)
        before = peak_bytes(gateway.process.pid)
        await send(gateway, large_mib)
        after = peak_bytes(gateway.process.pid)
    empty(tmp_path / "storage")

    assert after - before < MOST_GROWTH, f"{(after - before) >> 20} MiB more for {large_mib} MiB"
