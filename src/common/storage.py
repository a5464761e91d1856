"""The bytes of datasets and artifacts, stored under their SHA-256.

One interface over folders and object stores (obstore). Bytes arrive under `incoming/` with a name of their own while
they are hashed, and are moved to their place under `blobs/` once their digest is known: so the same bytes are stored
once, and a half upload never stands where a whole one is looked for.
"""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from common.errors import ConfigurationError, SundogError
from common.settings import StorageSettings

CHUNK_BYTES = 1 << 18


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
        except (ValueError, OSError, obstore.exceptions.BaseError) as error:
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
        incoming = f"incoming/{uuid4().hex}"
        hashed = _Hashed(chunks, limit=limit)
        await obstore.put_async(self._store, incoming, hashed.stream(), max_concurrency=2)
        blob = hashed.blob()
        await obstore.rename_async(self._store, incoming, _place(blob.sha256))
        return blob

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
        if not isinstance(self._store, LocalStore) or self._store.prefix is None:
            return None
        path = Path(self._store.prefix) / _place(sha256)
        return path if path.exists() else None


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
