"""Datasets: what was handed in, and the way in for more."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import asyncpg

from common.database import Pool
from common.queries import load_query
from common.storage import Storage, TooLargeError
from gateway.arrivals import Arrivals, Check
from gateway.dataset_records import Records
from gateway.deeds import Deeds
from gateway.errors import DatasetNeededError
from gateway.json_text import instant
from gateway.pagination import PageAsked
from gateway.paths import dataset_path
from gateway.storage_quota import StorageQuota

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
        self._records = Records(pool=pool, quota=quota)

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

    def arrivals(self, *, tenant: str, check: Check, deeds: Deeds) -> Arrivals:
        """What takes the files of one request.

        Args:
            tenant: whose they are.
            check: asked before they are recorded; raises if whoever sends them may not any more.
            deeds: is told of each dataset that is new.
        """
        return Arrivals(
            tenant=tenant,
            check=check,
            deeds=deeds,
            storage=self._storage,
            limit=self._limit,
            records=self._records,
        )

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
