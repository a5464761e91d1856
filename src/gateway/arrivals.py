"""The files of one request, from their first byte until they are datasets.

    take ──► incoming/ ──► record: let in still? room? ──► rows, and the bytes in their place
                 │
                 └── the request ends in any other way: the bytes are removed

Only the end of a form tells whether it is the one that the client meant (gateway.body_digest), whether it has one file
or two, and whether it has an end at all. So nothing of a request is recorded before: what was recorded once may be
promised to somebody else, who handed the same in meanwhile, and cannot be taken back. An upload may also take hours, in
which its key may have been revoked, and the room been taken by others; so both are looked at again when its bytes are
there.

What is there takes no room when it is handed in again, and only its bytes tell that it is the same. So where there is
no room a file may still have as many bytes as the largest that the tenant has under its name, and is looked for when
they have come: before they are kept anywhere, which for an object store is before the room is counted.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Final, Self

import anyio
import asyncpg

from common.storage import TROUBLE, Arrival, Storage, TooLargeError
from gateway.dataset_records import Handed, Records
from gateway.deeds import Deeds
from gateway.errors import DatasetEmptyError
from gateway.limit_errors import StorageFullError
from gateway.names import dataset_name, media_type_of
from gateway.storage_quota import no_room

log = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]

DISCARD_S: Final = 5.0


class Arrivals:
    """An async context manager: what was not recorded when it is left is removed.

    Args:
        tenant: whose the files are.
        check: asked before they are recorded; raises if whoever sends them may not any more.
        deeds: is told of each dataset that is new.
        storage: where they go.
        limit: the most bytes that one may have.
        records: writes their rows.
    """

    def __init__(
        self, *, tenant: str, check: Check, deeds: Deeds, storage: Storage, limit: int, records: Records
    ) -> None:
        self._tenant = tenant
        self._check = check
        self._deeds = deeds
        self._storage = storage
        self._limit = limit
        self._records = records
        self._handed: list[Handed] = []
        self._unkept: list[Arrival] = []

    async def __aenter__(self) -> Self:
        """Nothing has come."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Remove what is not kept; what cannot be removed now is swept a day later."""
        with anyio.move_on_after(DISCARD_S, shield=True):
            for arrival in self._unkept:
                try:
                    await self._storage.discard(arrival)
                except TROUBLE as error:
                    log.warning("cannot remove an upload", extra={"error": repr(error)})

    async def take(
        self, chunks: AsyncIterator[bytes], *, name: str, sent_media_type: str, declared: str | None = None
    ) -> None:
        """Take one file.

        Args:
            chunks: its bytes.
            name: what it is called.
            sent_media_type: what it is said to be.
            declared: how many bytes it is said to have; too many are refused before one is read.

        Raises:
            NameInvalidError, DatasetEmptyError, TooLargeError: it cannot be taken.
            StorageFullError: the tenant has no room for it, beside the others of this request.
        """
        checked = dataset_name(name)
        left, most, full = await self._most_bytes(checked)
        if most < self._limit and declared is not None and declared.isdigit() and int(declared) > most:
            raise full
        try:
            arrival = await self._storage.receive(await _not_empty(chunks), limit=min(self._limit, most))
        except TooLargeError as error:
            if most < self._limit:
                raise full from error
            raise
        self._unkept.append(arrival)
        blob = arrival.blob
        if blob.bytes > left and not await self._records.has(checked, blob.sha256, tenant=self._tenant):
            raise full
        media_type = media_type_of(checked, sent=sent_media_type)
        self._handed.append(Handed(name=checked, blob=blob, media_type=media_type))

    async def _most_bytes(self, name: str) -> tuple[int, int, StorageFullError]:
        """How many bytes there is room for, how many a file of this name may have, and what is told of too many.

        Raises:
            StorageFullError: there is no room, nor is it there.
        """
        try:
            left = await self._records.bytes_left(self._tenant) - sum(each.blob.bytes for each in self._handed)
            full = no_room(left)
        except StorageFullError as error:
            left, full = 0, error
        most = left
        if left < self._limit:
            most = max(left, await self._records.largest(name, tenant=self._tenant))
        if most <= 0:
            raise full
        return left, most, full

    async def record(self) -> Sequence[asyncpg.Record]:
        """Make datasets of all that was taken, in its order, or of nothing.

        A row has `is_new` false if the same bytes were there under this name before.

        Raises:
            StorageFullError: the room was taken meanwhile.
            SundogError: what `check` raises.
        """
        await self._check()
        if not self._storage.keeps_at_once:
            # No transaction can wait for that. If there is no room after all, these bytes are swept a day later.
            await self._keep()
        rows = await self._records.write(self._handed, tenant=self._tenant, meanwhile=self._keep)
        self._deeds.took(rows)
        return rows

    async def _keep(self) -> None:
        while self._unkept:
            await self._storage.keep(self._unkept[-1])
            self._unkept.pop()


async def _not_empty(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for first in chunks:
        if first:
            return _after(first, chunks)
    raise DatasetEmptyError("No bytes came.", advice="Is the file empty, or its name misspelt?")


async def _after(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk
