"""The bytes of datasets and artifacts, stored under their SHA-256.

One interface over folders and object stores (obstore). Bytes arrive under `incoming/` with a name of their own while
they are hashed, and are moved to their place under `blobs/` once their digest is known: so the same bytes are stored
once, and a half upload never stands where a whole one is looked for. Who must first see whether they may stay takes
the two steps apart: `receive`, and then `keep` or `discard`.

Handing the same bytes in again puts them there anew, so the time of a blob is when somebody last handed it in. Whoever
removes what nobody refers to goes by that: a blob younger than some hours may be about to be referred to.
"""

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

import anyio
import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from common.errors import ConfigurationError, SundogError
from common.settings import StorageSettings

CHUNK_BYTES = 1 << 18
SHARDS: Final = 256  # the blobs' folders, by the first two digits of their digest
TROUBLE: Final = (OSError, obstore.exceptions.BaseError)  # a storage, or a disk, that is away, full, or closed to us


class TooLargeError(SundogError):
    """More bytes came than may come."""

    code = "too_large"


class BlobMissingError(SundogError):
    """The storage does not have the bytes that the database knows of."""

    code = "blob_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """Bytes in the storage: their hex SHA-256 and how many there are."""

    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Bytes that have come and are nowhere but under `incoming/`, by this name; they must be kept or discarded."""

    name: str
    blob: Blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An object of the storage: a blob, whose name is its digest, or an upload that has not ended."""

    name: str
    bytes: int
    at: datetime


class Storage:
    """Blobs by their digest."""

    def __init__(self, *, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def open(cls, settings: StorageSettings) -> "Storage":
        """The storage at `settings.url`; a local folder is made if it is missing.

        Raises:
            ConfigurationError: the URL names no store that is known.
        """
        try:
            local = settings.url.startswith("file://")
            return cls(store=from_url(settings.url, mkdir=True) if local else from_url(settings.url))
        except (ValueError, *TROUBLE) as error:
            raise ConfigurationError(
                f"SUNDOG_STORAGE_URL cannot be used: {error}",
                advice="Write file:///folder, s3://bucket/prefix, gs://... or az://...",
            ) from error

    async def put(self, chunks: AsyncIterator[bytes], *, limit: int | None = None) -> Blob:
        """Store a stream in constant memory.

        Args:
            chunks: the bytes; an error that it raises is passed on and leaves nothing behind.
            limit: the most bytes to take.

        Raises:
            TooLargeError: more than `limit` bytes came.
        """
        arrival = await self.receive(chunks, limit=limit)
        await self.keep(arrival)
        return arrival.blob

    async def receive(self, chunks: AsyncIterator[bytes], *, limit: int | None = None) -> Arrival:
        """Take a stream as `put` does, without putting it where blobs are.

        Args:
            chunks: the bytes; an error that it raises is passed on and leaves nothing behind.
            limit: the most bytes to take.

        Raises:
            TooLargeError: more than `limit` bytes came.
        """
        name, hashed = uuid4().hex, _Hashed(chunks, limit=limit)
        await obstore.put_async(self._store, f"incoming/{name}", hashed.stream(), max_concurrency=2)
        return Arrival(name=name, blob=hashed.blob())

    async def keep(self, arrival: Arrival) -> None:
        """Make a blob of what has arrived."""
        await obstore.rename_async(self._store, f"incoming/{arrival.name}", _place(arrival.blob.sha256))

    async def discard(self, arrival: Arrival) -> None:
        """Remove what has arrived."""
        with suppress(FileNotFoundError):
            await obstore.delete_async(self._store, f"incoming/{arrival.name}")

    @property
    def keeps_at_once(self) -> bool:
        """Whether `keep` takes no time: in a folder it is a rename, an object store copies."""
        return self.local_folder is not None

    async def get(self, sha256: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `end` (excluded; None for all), in chunks.

        Raises:
            BlobMissingError: there are no such bytes.
        """
        options: obstore.GetOptions = {"range": (start, end)} if end is not None else {"range": {"offset": start}}
        try:
            found = await obstore.get_async(
                self._store, _place(sha256), options=options if start or end is not None else None
            )
        except FileNotFoundError as error:
            raise BlobMissingError("These bytes are no longer stored.", advice="Hand the file in again.") from error
        return _plain(found)

    def local_path(self, sha256: str) -> Path | None:
        """Where the bytes are on this machine, if the storage is a folder; saves a copy."""
        if self.local_folder is None:
            return None
        path = self.local_folder / _place(sha256)
        return path if path.exists() else None

    @property
    def local_folder(self) -> Path | None:
        """Where everything is, if the storage is a folder of this machine."""
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return None
        return Path(self._store.prefix)

    async def blobs(self, *, shard: int) -> AsyncIterator[Sequence[Stored]]:
        """The blobs of one of `SHARDS` shards, some at a time."""
        async for some in obstore.list(self._store, prefix=f"blobs/{shard:02x}"):
            yield [_stored(found) for found in some]

    async def remove_blob(self, sha256: str, *, unless_since: datetime) -> bool:
        """Remove a blob; False if it is gone, or was handed in again since that time.

        That is looked at just before, so that a blob which is handed in while somebody decides on its removal stays.
        """
        return await self._remove(_place(sha256), unless_since=unless_since)

    async def uploads(self) -> Sequence[Stored]:
        """Uploads that have not ended, be somebody still at them or not; the time is that of their last bytes."""
        if self._incoming_folder is not None:
            return await anyio.to_thread.run_sync(_uploads_in, self._incoming_folder)
        return [_stored(found) async for some in obstore.list(self._store, prefix="incoming") for found in some]

    async def remove_upload(self, name: str, *, unless_since: datetime) -> bool:
        """Remove what an upload left; False if it is gone, or was written to since that time."""
        if self._incoming_folder is None:
            return await self._remove(f"incoming/{name}", unless_since=unless_since)
        path = anyio.Path(self._incoming_folder / name)
        try:
            if (await path.stat()).st_mtime >= unless_since.timestamp():
                return False
            await path.unlink()
        except FileNotFoundError:
            return False
        return True

    @property
    def _incoming_folder(self) -> Path | None:
        """Where uploads are if the storage is a folder: the store does not tell of files that are half written."""
        return None if self.local_folder is None else self.local_folder / "incoming"

    async def _remove(self, place: str, *, unless_since: datetime) -> bool:
        try:
            found = await obstore.head_async(self._store, place)
            if found["last_modified"] >= unless_since:
                return False
            await obstore.delete_async(self._store, place)
        except FileNotFoundError:
            return False
        return True


class _Hashed:
    """Passes chunks on while it counts and hashes them."""

    def __init__(self, chunks: AsyncIterator[bytes], *, limit: int | None) -> None:
        self._chunks = chunks
        self._limit = limit
        self._hash = hashlib.sha256()
        self._bytes = 0

    async def stream(self) -> AsyncIterator[bytes]:
        async for chunk in self._chunks:
            self._bytes += len(chunk)
            if self._limit is not None and self._bytes > self._limit:
                raise TooLargeError(
                    f"More than {self._limit} bytes.", advice="Hand in less, or ask the operator for a higher limit."
                )
            self._hash.update(chunk)
            yield chunk

    def blob(self) -> Blob:
        return Blob(sha256=self._hash.hexdigest(), bytes=self._bytes)


async def _plain(found: "obstore.GetResult") -> AsyncIterator[bytes]:
    async for chunk in found.stream(min_chunk_size=CHUNK_BYTES):
        yield bytes(chunk)


def _place(sha256: str) -> str:
    return f"blobs/{sha256[:2]}/{sha256}"


def _stored(found: "obstore.ObjectMeta") -> Stored:
    return Stored(name=found["path"].rpartition("/")[2], bytes=found["size"], at=found["last_modified"])


def _uploads_in(folder: Path) -> Sequence[Stored]:
    uploads = []
    for path in folder.glob("*"):
        try:
            status = path.stat()
        except FileNotFoundError:  # it has just ended
            continue
        at = datetime.fromtimestamp(status.st_mtime, tz=UTC)
        uploads.append(Stored(name=path.name, bytes=status.st_size, at=at))
    return uploads
