"""Datasets: takes bytes into the storage and records them."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import asyncpg

from common.database import Pool
from common.ids import new_dataset_id
from common.queries import load_query
from common.storage import Storage, TooLargeError
from gateway.deeds import Deeds
from gateway.errors import DatasetEmptyError, DatasetNeededError, StorageFullError
from gateway.json_text import instant
from gateway.names import dataset_name, media_type_of
from gateway.pagination import PageAsked
from gateway.paths import dataset_path
from gateway.storage_quota import StorageQuota

RECORD_DATASET: Final = load_query("gateway", "record_dataset")
LIST_DATASETS: Final = load_query("gateway", "list_datasets")
HOLD_DATASET: Final = load_query("gateway", "hold_dataset")
REMOVE_DATASET: Final = load_query("gateway", "remove_dataset")
SELECT_DATASET: Final = load_query("gateway", "select_dataset")


class Datasets:
    """What was handed in.

    Args:
        pool: of the gateway's database role.
        storage: where the bytes go.
        limit: the most bytes that one may have.
        quota: how much a tenant may have.
    """

    def __init__(self, *, pool: Pool, storage: Storage, limit: int, quota: StorageQuota) -> None:
        self._quota = quota
        self._pool = pool
        self._storage = storage
        self._limit = limit

    def check_length(self, declared: str | None, *, slack: int = 0) -> None:
        """Refuse a body by its declared length, before any of it is read.

        Args:
            declared: the Content-Length.
            slack: bytes that come with the dataset, such as those of a form.

        Raises:
            TooLargeError: it is over the limit.
        """
        if declared is not None and declared.isdigit() and int(declared) > self._limit + slack:
            raise TooLargeError(
                f"A dataset may have {self._limit} bytes here, this would have {declared}.",
                advice="Hand in less, or ask the operator for a higher limit.",
            )

    async def hand_in(
        self,
        chunks: AsyncIterator[bytes],
        *,
        tenant: str,
        name: str,
        sent_media_type: str,
        deeds: Deeds,
        declared: str | None = None,
    ) -> asyncpg.Record:
        """Store bytes and record them; the row has `is_new` false if they were there under this name before.

        Args:
            chunks: the bytes.
            tenant: whose they are.
            name: what they are called.
            sent_media_type: what they are said to be.
            deeds: is told of a dataset that is new.
            declared: how many they are said to be; too many are refused before one is read.

        Raises:
            NameInvalidError, DatasetEmptyError, TooLargeError: it cannot be taken; nothing of it is kept.
            StorageFullError: the tenant has no room for it.
        """
        checked = dataset_name(name)
        left = await self._quota.bytes_left(tenant)
        if left < self._limit and declared is not None and declared.isdigit() and int(declared) > left:
            raise _no_room(left)
        try:
            blob = await self._storage.put(await _not_empty(chunks), limit=min(self._limit, left))
        except TooLargeError as error:
            if left < self._limit:
                raise _no_room(left) from error
            raise
        media_type = media_type_of(checked, sent=sent_media_type)
        while True:
            row = await self._pool.fetchrow(
                RECORD_DATASET, new_dataset_id(), tenant, checked, blob.sha256, blob.bytes, media_type
            )
            if row is not None:
                deeds.took(row)
                if row["is_new"]:
                    self._quota.note(tenant, blob.bytes)
                return row

    async def take_back(self, rows: Iterable[asyncpg.Record], *, tenant: str, deeds: Deeds) -> None:
        """Remove what `hand_in` has just recorded anew, except what a task works on already."""
        for row in rows:
            if row["is_new"]:
                with suppress(DatasetNeededError):
                    if await self.remove(row["id"], tenant=tenant):
                        deeds.took_back(row["id"])

    async def find(self, identity: UUID, *, tenant: str) -> asyncpg.Record | None:
        """One dataset, if the tenant has it."""
        return await self._pool.fetchrow(SELECT_DATASET, identity, tenant)

    async def remove(self, identity: UUID, *, tenant: str) -> bool:
        """Remove a dataset; False if the tenant has none with this id. Its bytes go later, when nothing needs them.

        Raises:
            DatasetNeededError: a task that has not ended works on it.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(HOLD_DATASET, identity, tenant) is None:
                return False
            if await connection.fetchval(REMOVE_DATASET, identity) is None:
                raise DatasetNeededError(
                    "A task that has not ended needs this dataset.", advice="Cancel the task, or wait for its end."
                )
            self._quota.forget(tenant)
            return True

    async def page(self, asked: PageAsked, *, tenant: str) -> Sequence[asyncpg.Record]:
        """One page, newest first."""
        rows: Sequence[asyncpg.Record] = await self._pool.fetch(LIST_DATASETS, tenant, asked.after, asked.limit)
        return rows


def dataset_view(row: asyncpg.Record) -> Mapping[str, object]:
    """A dataset as it is shown."""
    return {
        "id": str(row["id"]),
        "name": row["name"],
        "sha256": row["sha256"],
        "bytes": row["bytes"],
        "media_type": row["media_type"],
        "created_at": instant(row["created_at"]),
        "urls": {"self": dataset_path(row["id"])},
    }


def _no_room(left: int) -> StorageFullError:
    return StorageFullError(f"You have room for {left} bytes.", advice="Remove datasets first.")


async def _not_empty(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for first in chunks:
        if first:
            return _after(first, chunks)
    raise DatasetEmptyError("No bytes came.", advice="Is the file empty, or its name misspelt?")


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
