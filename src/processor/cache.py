"""Inputs on this machine: each set of bytes once, under its digest, as long as there is room.

A task holds its inputs while it runs; what nobody holds is removed, least recently used first, when the cache is
larger than it may be. Where the storage is a folder of this machine the bytes stay there and nothing is copied, as long
as they can be linked from there: a child is given links, and those do not lead to another file system.
"""

import hashlib
import logging
import os
import stat
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import anyio

from common.storage import BlobMissingError, Storage

log = logging.getLogger(__name__)


class InputCache:
    """A bounded folder of inputs.

    Args:
        folder: where the bytes are kept; what an earlier run left there is used again.
        most_bytes: how much may stay there while nobody holds it.
    """

    def __init__(self, *, folder: Path, storage: Storage, most_bytes: int) -> None:
        self._folder = folder
        self._storage = storage
        self._most_bytes = most_bytes
        self._held: dict[str, int] = {}
        self._used: OrderedDict[str, int] = OrderedDict()
        self._fetching: dict[str, anyio.Lock] = {}
        self._can_link: bool | None = None

    async def open(self) -> None:
        """Take over what an earlier run left; half downloads are removed."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self._folder.iterdir(), key=lambda path: path.stat().st_mtime):
            if len(path.name) == len(hashlib.sha256().hexdigest()):
                self._used[path.name] = path.stat().st_size
            else:
                path.unlink()

    @asynccontextmanager
    async def hold(self, sha256: str) -> AsyncIterator[Path]:
        """The bytes as a file that stays while it is held.

        Raises:
            BlobMissingError: the storage does not have them, or has other bytes under their digest.
        """
        local = self._storage.local_path(sha256)
        if local is not None and self._is_for_children(local):
            yield local
            return
        self._held[sha256] = self._held.get(sha256, 0) + 1
        try:
            async with self._fetching.setdefault(sha256, anyio.Lock()):
                path = await self._bring(sha256)
            yield path
        finally:
            self._held[sha256] -= 1
            if not self._held[sha256]:
                del self._held[sha256]
                self._fetching.pop(sha256, None)
            self._evict()

    def _is_for_children(self, path: Path) -> bool:
        """Whether a file of the storage can be linked, and read by whoever has no more rights than its owner."""
        status = path.stat()
        if status.st_uid != os.geteuid() and not status.st_mode & stat.S_IROTH:
            return False
        if self._can_link is None:
            self._can_link = _can_link(path, self._folder / f"half-{uuid4().hex}")
            if not self._can_link:
                log.warning("the storage is on another file system than the work folder: inputs are copied")
        return self._can_link

    async def _bring(self, sha256: str) -> Path:
        path = self._folder / sha256
        if sha256 not in self._used:
            await self._download(sha256, path)
            self._used[sha256] = path.stat().st_size
        self._used.move_to_end(sha256)
        return path

    async def _download(self, sha256: str, path: Path) -> None:
        half = self._folder / f"half-{uuid4().hex}"
        digest = hashlib.sha256()
        try:
            async with await anyio.open_file(half, "wb") as file:
                async for chunk in await self._storage.get(sha256):
                    digest.update(chunk)
                    await file.write(chunk)
            if digest.hexdigest() != sha256:
                raise BlobMissingError("The stored bytes are damaged.", advice="Hand the file in again.")
            half.replace(path)
        finally:
            half.unlink(missing_ok=True)

    def _evict(self) -> None:
        free = [digest for digest in self._used if digest not in self._held]
        for digest in free:
            if sum(self._used.values()) <= self._most_bytes:
                return
            (self._folder / digest).unlink(missing_ok=True)
            del self._used[digest]
            log.info("input evicted from the cache", extra={"bytes": sum(self._used.values())})


def _can_link(path: Path, link: Path) -> bool:
    try:
        os.link(path, link)
    except OSError:
        return False
    link.unlink()
    return True
