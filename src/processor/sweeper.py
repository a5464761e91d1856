"""Removes bytes that nothing refers to: blobs whose datasets and artifacts are gone, and uploads that were never ended.

A blob may be there before anything refers to it: an upload is recorded after it is stored, an artifact when its attempt
is settled. So only what was stored `bytes_hours` ago is looked at, by the storage's own clock. Handing the same bytes
in again makes a blob young again, and its age is looked at once more just before it is removed. What is left is the
time of one request to the storage: bytes that are handed in again just then are missed when their task begins, which
says so.

A large storage takes long to list, so each round takes some of its shards, and a day sees all of them many times. Every
processor does this and begins elsewhere; two that meet do no harm.
"""

import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from common.database import Pool
from common.lifecycle import Periodic
from common.queries import load_query
from common.storage import SHARDS, Storage
from processor.settings import RetentionSettings

log = logging.getLogger(__name__)

SELECT_UNREFERENCED = load_query("processor", "select_unreferenced")
SHARDS_A_ROUND: Final = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """How much one round removed."""

    blobs: int
    bytes: int
    uploads: int


class Sweeper(Periodic):
    """Keeps the storage from growing for ever.

    Args:
        first_shard: where to begin; None for anywhere.
    """

    def __init__(
        self, *, pool: Pool, storage: Storage, settings: RetentionSettings, first_shard: int | None = None
    ) -> None:
        super().__init__(interval=settings.interval_s)
        self._pool = pool
        self._storage = storage
        self._settings = settings
        self._shard = secrets.randbelow(SHARDS) if first_shard is None else first_shard

    async def run_once(self) -> Swept:
        """Sweep the next shards and the uploads."""
        before = datetime.now(UTC) - timedelta(hours=self._settings.bytes_hours)
        blobs = size = 0
        for _ in range(SHARDS_A_ROUND):
            removed = await self._sweep_shard(self._shard, before=before)
            blobs, size = blobs + len(removed), size + sum(removed)
            self._shard = (self._shard + 1) % SHARDS
        uploads = await self._sweep_uploads(before=before)
        if blobs or uploads:
            log.info("removed bytes that nothing refers to", extra={"count": blobs + uploads, "bytes": size})
        return Swept(blobs=blobs, bytes=size, uploads=uploads)

    async def _sweep_shard(self, shard: int, *, before: datetime) -> list[int]:
        """The sizes of the blobs that were removed."""
        removed = []
        async for some in self._storage.blobs(shard=shard):
            old = {blob.name: blob.bytes for blob in some if blob.at < before}
            unreferenced = await self._pool.fetch(SELECT_UNREFERENCED, list(old)) if old else []
            removed += [
                old[row["sha256"]]
                for row in unreferenced
                if await self._storage.remove_blob(row["sha256"], unless_since=before)
            ]
        return removed

    async def _sweep_uploads(self, *, before: datetime) -> int:
        old = [upload for upload in await self._storage.uploads() if upload.at < before]
        removed = [await self._storage.remove_upload(upload.name, unless_since=before) for upload in old]
        return sum(removed)
