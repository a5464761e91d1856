"""Requests whose datasets are recorded in one transaction: each is taken or refused by itself."""

from collections.abc import Awaitable, Callable

import anyio
import asyncpg
import pytest

from common.database import Pool
from common.storage import Blob
from gateway.dataset_records import Handed, Records
from gateway.limit_errors import StorageFullError
from gateway.storage_quota import StorageQuota


def handed(number: int, size: int) -> Handed:
    return Handed(name=f"{number}.csv", blob=Blob(sha256=f"{number:064x}", bytes=size), media_type="text/csv")


async def nothing() -> None:
    """No bytes to move."""


async def broken() -> None:
    raise OSError("the disk is away")


async def test_one_that_is_refused_takes_no_other_with_it(pool: Pool, connection: asyncpg.Connection) -> None:
    records = Records(pool=pool, quota=StorageQuota(pool=pool, most_datasets=9, most_bytes=100))
    ended: dict[int, str] = {}

    async def write(number: int, size: int, meanwhile: Callable[[], Awaitable[None]] = nothing) -> None:
        try:
            await records.write([handed(number, size)], tenant="default", meanwhile=meanwhile)
            ended[number] = "taken"
        except (StorageFullError, OSError) as error:
            ended[number] = type(error).__name__

    async with anyio.create_task_group() as group:
        group.start_soon(write, 0, 10)  # goes alone; the others gather meanwhile
        group.start_soon(write, 1, 80, broken)
        group.start_soon(write, 2, 60)
        group.start_soon(write, 3, 31)
        group.start_soon(write, 4, 30)

    assert ended == {0: "taken", 1: "OSError", 2: "taken", 3: "StorageFullError", 4: "taken"}
    assert await connection.fetchval("SELECT array_agg(bytes ORDER BY name) FROM dataset") == [10, 60, 30]
    assert await connection.fetchval("SELECT count(*) FROM dataset") == 3


async def test_what_is_there_already_may_come_again_when_there_is_no_room(pool: Pool) -> None:
    quota = StorageQuota(pool=pool, most_datasets=9, most_bytes=100)
    await Records(pool=pool, quota=quota).write([handed(0, 100)], tenant="default", meanwhile=nothing)
    smaller = StorageQuota(pool=pool, most_datasets=9, most_bytes=50)
    records = Records(pool=pool, quota=smaller)
    [row] = await records.write([handed(0, 100)], tenant="default", meanwhile=nothing)

    assert not row["is_new"]
    with pytest.raises(StorageFullError, match="room for 0 bytes"):
        await records.write([handed(1, 1)], tenant="default", meanwhile=nothing)
