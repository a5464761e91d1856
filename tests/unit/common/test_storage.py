"""The storage over a folder and over an object store: the same in all that both services rely on."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import obstore
import pytest
from obstore.store import LocalStore, MemoryStore, ObjectStore

from common.errors import ConfigurationError
from common.settings import StorageSettings
from common.storage import SHARDS, BlobMissingError, Storage, TooLargeError

CONTENT = b"a,b\n1,2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NEVER = datetime.min.replace(tzinfo=UTC)


@pytest.fixture(params=["folder", "object store"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return LocalStore(tmp_path / "storage", mkdir=True) if request.param == "folder" else MemoryStore()


@pytest.fixture
def storage(store: ObjectStore) -> Storage:
    return Storage(store=store)


async def chunks(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def read(storage: Storage, sha256: str, **where: int) -> bytes:
    return b"".join([chunk async for chunk in await storage.get(sha256, **where)])


async def blobs(storage: Storage) -> list[str]:
    return [blob.name for shard in range(SHARDS) async for some in storage.blobs(shard=shard) for blob in some]


def later() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


async def test_what_is_put_is_found_by_its_digest(storage: Storage) -> None:
    blob = await storage.put(chunks(CONTENT[:3], b"", CONTENT[3:]))

    assert (blob.sha256, blob.bytes) == (SHA256, len(CONTENT))
    assert await read(storage, SHA256) == CONTENT


@pytest.mark.parametrize(("where", "expected"), [({"start": 4}, b"1,2\n"), ({"start": 2, "end": 5}, b"b\n1")])
async def test_a_part_can_be_read(storage: Storage, where: dict[str, int], expected: bytes) -> None:
    await storage.put(chunks(CONTENT))

    assert await read(storage, SHA256, **where) == expected


async def test_a_long_stream_goes_through_in_parts(storage: Storage) -> None:
    part = bytes(range(256)) * 4096
    blob = await storage.put(chunks(*[part] * 20))

    assert blob.bytes == 20 << 20
    digest = hashlib.sha256()
    async for chunk in await storage.get(blob.sha256):
        digest.update(chunk)
    assert digest.hexdigest() == blob.sha256


async def test_the_same_bytes_are_stored_once(storage: Storage) -> None:
    for _ in range(2):
        await storage.put(chunks(CONTENT))

    assert await blobs(storage) == [SHA256]
    assert await storage.uploads() == []


async def test_nothing_is_left_of_a_stream_that_is_too_long(storage: Storage) -> None:
    with pytest.raises(TooLargeError):
        await storage.put(chunks(CONTENT, CONTENT), limit=len(CONTENT))

    assert await blobs(storage) == []
    assert await storage.uploads() == []
    assert (await storage.put(chunks(CONTENT), limit=len(CONTENT))).bytes == len(CONTENT)


async def test_an_error_of_the_stream_is_passed_on_and_leaves_nothing(storage: Storage) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT
        raise ConnectionResetError("the client has gone")

    with pytest.raises(ConnectionResetError):
        await storage.put(broken())
    assert await blobs(storage) == []


async def test_bytes_that_are_not_there_are_named(storage: Storage) -> None:
    with pytest.raises(BlobMissingError):
        await storage.get(SHA256)


async def test_blobs_are_listed_by_shard_with_their_size_and_time(storage: Storage) -> None:
    before = datetime.now(UTC) - timedelta(minutes=1)
    await storage.put(chunks(CONTENT))
    here = [blob async for some in storage.blobs(shard=int(SHA256[:2], 16)) for blob in some]
    elsewhere = [blob async for some in storage.blobs(shard=(int(SHA256[:2], 16) + 1) % SHARDS) for blob in some]

    assert [(blob.name, blob.bytes) for blob in here] == [(SHA256, len(CONTENT))]
    assert before < here[0].at < later()
    assert elsewhere == []


async def test_a_blob_is_removed_unless_it_is_young(storage: Storage) -> None:
    await storage.put(chunks(CONTENT))

    assert not await storage.remove_blob(SHA256, unless_since=NEVER)
    assert await blobs(storage) == [SHA256]
    assert await storage.remove_blob(SHA256, unless_since=later())
    assert not await storage.remove_blob(SHA256, unless_since=later())
    assert await blobs(storage) == []


async def test_an_upload_that_was_broken_off_is_seen_and_removed(store: ObjectStore, storage: Storage) -> None:
    await obstore.put_async(store, "incoming/broken-off", CONTENT)

    (upload,) = await storage.uploads()
    assert (upload.name, upload.bytes) == ("broken-off", len(CONTENT))
    assert not await storage.remove_upload(upload.name, unless_since=NEVER)
    assert await storage.remove_upload(upload.name, unless_since=later())
    assert not await storage.remove_upload(upload.name, unless_since=later())
    assert await storage.uploads() == []


async def test_an_upload_into_a_folder_is_seen_while_it_is_under_way(tmp_path: Path) -> None:
    storage = Storage.open(StorageSettings(url=tmp_path.as_uri()))
    begun, go_on = anyio.Event(), anyio.Event()

    async def slow() -> AsyncIterator[bytes]:
        for _ in range(12):  # so much is written before the first part is whole
            yield bytes(1 << 20)
        begun.set()
        await go_on.wait()
        yield CONTENT

    async with anyio.create_task_group() as group:
        group.start_soon(storage.put, slow())
        await begun.wait()
        (upload,) = await storage.uploads()
        go_on.set()

    assert upload.bytes > 0
    assert await storage.uploads() == []


@pytest.mark.parametrize("url", ["nonsense", "ftp://example.org/data"])
def test_a_url_that_names_no_store_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="SUNDOG_STORAGE_URL"):
        Storage.open(StorageSettings(url=url))
