"""Uploads larger than memory should be: what the gateway keeps of them does not grow with them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import httpx2

from helpers.database import Database
from helpers.gateway_process import GatewayProcess, gateway_process

CHUNK: Final = bytes(range(256)) * 4_096  # 1 MiB
WARM_MIB: Final = 64
LARGE_MIB: Final = int(os.environ.get("SUNDOG_TEST_UPLOAD_MIB", "2048"))
MOST_GROWTH: Final = 48 << 20  # buffers of the storage's parts in flight, whatever the size


def peak_bytes(pid: int) -> int:
    """The most memory that the process ever had resident."""
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) << 10


async def chunks(mib: int) -> AsyncIterator[bytes]:
    yield b"%d," % mib  # other bytes for each size
    for _ in range(mib):
        yield CHUNK


async def hand_in(gateway: GatewayProcess, mib: int) -> None:
    async with httpx2.AsyncClient(base_url=gateway.url, timeout=300) as client:
        answer = await client.put(f"/v1/datasets/{mib}.bin", content=chunks(mib))
    assert answer.status_code == 201
    assert answer.json()["bytes"] == (mib << 20) + len(str(mib)) + 1


async def test_a_large_upload_takes_no_more_memory_than_a_small_one(database: Database, tmp_path: Path) -> None:
    async with gateway_process(database, tmp_path) as gateway:
        await hand_in(gateway, WARM_MIB)
        before = peak_bytes(gateway.process.pid)
        await hand_in(gateway, LARGE_MIB)
        after = peak_bytes(gateway.process.pid)
    for stored in (tmp_path / "storage").rglob("*"):
        if stored.is_file():
            stored.unlink()

    assert after - before < MOST_GROWTH, f"{(after - before) >> 20} MiB more for {LARGE_MIB} MiB"
