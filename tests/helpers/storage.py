"""A storage of a test's own."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import asyncpg

from common.settings import StorageSettings
from common.storage import Storage
from helpers.factories import an_artifact, finished_task


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A storage, and the folder that it is."""

    storage: Storage
    folder: Path

    @classmethod
    def open(cls, folder: Path) -> "Stored":
        """The storage in this folder, made if missing."""
        return cls(storage=Storage.open(StorageSettings(url=folder.as_uri())), folder=folder)

    def files(self) -> list[Path]:
        """Every file in it, whatever it is."""
        return [path for path in self.folder.rglob("*") if path.is_file()]


async def stored_artifact(
    connection: asyncpg.Connection,
    stored: Stored,
    content: bytes,
    *,
    name: str = "out.bin",
    media_type: str = "application/octet-stream",
) -> str:
    """An artifact with its bytes, of a task of its own; gives its URL."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    task = await finished_task(connection)
    await an_artifact(connection, task, name=name, content=content, media_type=media_type)
    await stored.storage.put(chunks())
    return f"/v1/tasks/{task}/artifacts/{quote(name)}"
