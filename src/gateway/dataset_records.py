"""Writes the rows of datasets, so that a tenant's limits hold exactly, whoever hands in at the same time.

Of one tenant one request after the other is recorded, wherever it came in: it writes its rows, counts all that the
tenant has with them, and if that is too much, all is as before. The bytes are moved into their place before that is
committed: so there is never a row without its bytes, nor are there bytes of what was refused.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

import anyio
import asyncpg

from common.database import Connection, Pool
from common.ids import new_dataset_id
from common.queries import load_query
from common.storage import Blob
from gateway.storage_quota import StorageQuota

LOCK_DATASETS: Final = load_query("gateway", "lock_datasets")
RECORD_DATASET: Final = load_query("gateway", "record_dataset")

# Who waits for another gateway has a connection meanwhile: if that one is frozen, the others must not all be gone.
WRITES_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A file that is to be a dataset."""

    name: str
    blob: Blob
    media_type: str


class Records:
    """The rows of datasets.

    Args:
        pool: of the gateway's database role.
        quota: how much a tenant may have.
    """

    def __init__(self, *, pool: Pool, quota: StorageQuota) -> None:
        self._pool = pool
        self._quota = quota
        self._limiter = anyio.CapacityLimiter(WRITES_AT_ONCE)

    async def bytes_left(self, tenant: str) -> int:
        """How many bytes one more dataset may have, as far as is known before it comes.

        Raises:
            StorageFullError: the tenant may have no more.
        """
        return await self._quota.bytes_left(tenant)

    async def write(
        self, handed: Sequence[Handed], *, tenant: str, meanwhile: Callable[[], Awaitable[None]]
    ) -> Sequence[asyncpg.Record]:
        """Record all files of a request, or none.

        Args:
            handed: the files; the rows come in their order, with `is_new` false of what was there before.
            tenant: whose they are.
            meanwhile: done when there is room for them, before anybody sees the rows.

        Raises:
            StorageFullError: there is no room for what is new among them.
        """
        async with self._limiter, self._pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_DATASETS, tenant)
            rows = [await _write(connection, each, tenant=tenant) for each in handed]
            new = [row["bytes"] for row in rows if row["is_new"]]
            if new:
                await self._quota.check(connection, tenant, added=sum(new))
            await meanwhile()
        return rows


async def _write(connection: Connection, handed: Handed, *, tenant: str) -> asyncpg.Record:
    blob = handed.blob
    while True:
        row: asyncpg.Record | None = await connection.fetchrow(
            RECORD_DATASET, new_dataset_id(), tenant, handed.name, blob.sha256, blob.bytes, handed.media_type
        )
        if row is not None:
            return row
