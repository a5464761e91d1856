import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import obstore
import pytest
from obstore.store import LocalStore, MemoryStore

from common.storage import BlobMissingError, Storage
from helpers.storage import Stored
from processor.cache import InputCache


class CountingStorage(Storage):
    """A real storage that counts how often somebody takes bytes out of it."""

    taken = 0

    async def get(self, sha256: str, **where: Any) -> AsyncIterator[bytes]:
        self.taken += 1
        return await super().get(sha256, **where)


class Far:
    """A storage whose bytes are not on this machine, and the folder of a cache before it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "inputs"
        self.store = MemoryStore()
        self.storage = CountingStorage(store=self.store)

    async def put(self, content: bytes) -> str:
        async def chunks() -> AsyncIterator[bytes]:
            yield content

        return (await self.storage.put(chunks())).sha256

    async def cache(self, *, most_bytes: int = 1000) -> InputCache:
        cache = InputCache(folder=self.folder, storage=self.storage, most_bytes=most_bytes)
        await cache.open()
        return cache

    def kept(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}


@pytest.fixture
def far(tmp_path: Path) -> Far:
    return Far(tmp_path)


async def test_bytes_are_brought_once_and_used_again(far: Far) -> None:
    sha256 = await far.put(b"a table")
    cache = await far.cache()
    for _ in range(3):
        async with cache.hold(sha256) as path:
            assert path.read_bytes() == b"a table"

    assert far.storage.taken == 1
    assert far.kept() == {sha256}


async def test_those_who_want_the_same_at_once_wait_for_one_download(far: Far) -> None:
    sha256 = await far.put(b"a table")
    cache = await far.cache()
    read: list[bytes] = []

    async def use() -> None:
        async with cache.hold(sha256) as path:
            read.append(path.read_bytes())

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(use)

    assert read == [b"a table"] * 5
    assert far.storage.taken == 1


async def test_what_was_used_longest_ago_goes_first(far: Far) -> None:
    first, second, third = [await far.put(name * 10) for name in (b"a", b"b", b"c")]
    cache = await far.cache(most_bytes=25)
    for sha256 in (first, second, first, third):
        async with cache.hold(sha256):
            pass

    assert far.kept() == {first, third}


async def test_what_is_held_stays_however_much_it_is_and_goes_after(far: Far) -> None:
    held, other = await far.put(b"a" * 50), await far.put(b"b" * 10)
    cache = await far.cache(most_bytes=20)
    async with cache.hold(held) as path:
        async with cache.hold(other):
            pass
        assert path.read_bytes() == b"a" * 50
        assert far.kept() == {held}

    assert far.kept() == set()


async def test_one_that_two_hold_stays_until_both_have_let_go(far: Far) -> None:
    sha256 = await far.put(b"a" * 50)
    cache = await far.cache(most_bytes=0)
    async with cache.hold(sha256) as path:
        async with cache.hold(sha256):
            pass
        assert path.exists()

    assert far.kept() == set()


async def test_damaged_bytes_are_refused_and_leave_nothing(far: Far) -> None:
    sha256 = await far.put(b"a table")
    await obstore.put_async(far.store, f"blobs/{sha256[:2]}/{sha256}", b"another")
    cache = await far.cache()

    for _ in range(2):
        with pytest.raises(BlobMissingError, match="damaged"):
            async with cache.hold(sha256):
                raise AssertionError("it must not be used")
    assert far.kept() == set()


async def test_bytes_that_are_not_there_are_told_and_may_come_later(far: Far) -> None:
    sha256 = hashlib.sha256(b"late").hexdigest()
    cache = await far.cache()
    with pytest.raises(BlobMissingError):
        async with cache.hold(sha256):
            raise AssertionError("it must not be used")
    await far.put(b"late")
    async with cache.hold(sha256) as path:
        assert path.read_bytes() == b"late"


async def test_a_download_that_is_given_up_leaves_nothing(far: Far) -> None:
    sha256 = await far.put(b"a table")
    cache = await far.cache()
    with anyio.CancelScope() as scope:
        scope.cancel()
        async with cache.hold(sha256):
            raise AssertionError("it was cancelled before")

    assert far.kept() == set()
    async with cache.hold(sha256) as path:
        assert path.read_bytes() == b"a table"


async def test_what_an_earlier_run_left_is_used_again_but_no_half_downloads(far: Far) -> None:
    sha256 = await far.put(b"a table")
    async with (await far.cache()).hold(sha256):
        (far.folder / "half-of-something").write_bytes(b"a ta")
    cache = await far.cache()
    assert far.kept() == {sha256}
    async with cache.hold(sha256) as path:
        assert path.read_bytes() == b"a table"

    assert far.storage.taken == 1


async def test_bytes_in_a_folder_of_this_machine_are_not_copied(tmp_path: Path) -> None:
    stored = Stored.open(tmp_path / "storage")

    async def chunks() -> AsyncIterator[bytes]:
        yield b"a table"

    sha256 = (await stored.storage.put(chunks())).sha256
    cache = InputCache(folder=tmp_path / "inputs", storage=stored.storage, most_bytes=0)
    await cache.open()
    async with cache.hold(sha256) as path:
        assert path.is_relative_to(stored.folder)

    assert not list((tmp_path / "inputs").iterdir())
    assert path.exists()


async def test_a_folder_without_a_prefix_is_no_place_to_read_from(tmp_path: Path) -> None:
    assert Storage(store=LocalStore()).local_path("0" * 64) is None
    assert Stored.open(tmp_path / "storage").storage.local_path("0" * 64) is None
