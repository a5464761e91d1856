"""Writes the rows of datasets, so that a tenant's limits hold exactly, whoever hands in at the same time.

Of one tenant one gateway after the other records: it writes rows, counts all that the tenant has with them, and if that
is too much, what it wrote is undone. The bytes are moved into their place before that is committed: so there is never a
row without its bytes, nor are there bytes of what was refused.

The count costs more the more datasets there are. So requests of a tenant that come while others of its are being
recorded share the next transaction, its one count and its commit (gateway.shared); each is taken or refused by itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias
from weakref import WeakValueDictionary

import anyio
import asyncpg

from common.database import TRANSIENT, Connection, Pool
from common.errors import SundogError
from common.ids import new_dataset_id
from common.queries import load_query
from common.storage import TROUBLE, Blob
from gateway.shared import Shared
from gateway.storage_quota import StorageQuota, Tally

HAS_DATASET: Final = load_query("gateway", "has_dataset")
LARGEST_DATASET: Final = load_query("gateway", "largest_dataset")
LOCK_DATASETS: Final = load_query("gateway", "lock_datasets")
RECORD_DATASET: Final = load_query("gateway", "record_dataset")

MOST_TOGETHER: Final = 50
# Who waits for another gateway has a connection meanwhile: if that one is frozen, the others must not all be gone.
WRITES_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A file that is to be a dataset."""

    name: str
    blob: Blob
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    handed: Sequence[Handed]
    meanwhile: Callable[[], Awaitable[None]]


Rows: TypeAlias = Sequence[asyncpg.Record]
Result: TypeAlias = Rows | Exception  # as `Records.write` returns or raises it


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
        self._turns: WeakValueDictionary[str, Shared[_Request, Result]] = WeakValueDictionary()

    async def bytes_left(self, tenant: str) -> int:
        """How many bytes one more dataset may have, as far as is known before it comes.

        Raises:
            StorageFullError: the tenant may have no more.
        """
        return await self._quota.bytes_left(tenant)

    async def largest(self, name: str, *, tenant: str) -> int:
        """The bytes of the largest dataset that is there under a name; 0 if there is none, or Postgres is away."""
        try:
            most: int = await self._pool.fetchval(LARGEST_DATASET, tenant, name)
        except TRANSIENT:
            return 0
        return most

    async def has(self, name: str, sha256: str, *, tenant: str) -> bool:
        """Whether bytes are there under a name; False if Postgres is away."""
        try:
            is_there: bool = await self._pool.fetchval(HAS_DATASET, tenant, name, sha256)
        except TRANSIENT:
            return False
        return is_there

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
            One of `TROUBLE`: what `meanwhile` raises.
        """
        turns = self._turns.get(tenant)
        if turns is None:
            turns = self._turns[tenant] = Shared(partial(self._write_together, tenant), most=MOST_TOGETHER)
        result = await turns.take(_Request(handed=handed, meanwhile=meanwhile))
        if isinstance(result, Exception):
            raise result
        return result

    async def _write_together(self, tenant: str, requests: Sequence[_Request]) -> Sequence[Result]:
        """What became of each request; one that is refused takes no other with it."""
        async with self._limiter, self._pool.acquire() as connection, connection.transaction():
            await connection.execute(LOCK_DATASETS, tenant)
            tally = self._quota.tally(connection, tenant)
            results = [await _try(connection, request, tenant=tenant, tally=tally) for request in requests]
        self._quota.learn(tally)
        return results


async def _try(connection: Connection, request: _Request, *, tenant: str, tally: Tally) -> Result:
    new: list[int] = []
    try:
        async with connection.transaction():
            rows = [await _write(connection, each, tenant=tenant) for each in request.handed]
            new = [row["bytes"] for row in rows if row["is_new"]]
            if new:
                await tally.add(new)
            await request.meanwhile()
    except (SundogError, *TROUBLE) as error:
        tally.take_away(new)
        return error
    return rows


async def _write(connection: Connection, handed: Handed, *, tenant: str) -> asyncpg.Record:
    blob = handed.blob
    while True:
        row: asyncpg.Record | None = await connection.fetchrow(
            RECORD_DATASET, new_dataset_id(), tenant, handed.name, blob.sha256, blob.bytes, handed.media_type
        )
        if row is not None:
            return row
