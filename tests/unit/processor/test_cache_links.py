"""Inputs of a storage that is a folder: links where they lead, copies where they do not."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from helpers.storage import Stored
from processor.cache import InputCache


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("this machine has one file system")
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield Path(folder)


async def held(stored: Stored, folder: Path, content: bytes = b"a table") -> Path:
    """Where the bytes are for a task, once they were put into the storage."""

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    sha256 = (await stored.storage.put(chunks())).sha256
    cache = InputCache(folder=folder, storage=stored.storage, most_bytes=1000)
    await cache.open()
    async with cache.hold(sha256) as path:
        assert path.read_bytes() == content
        return path


async def test_a_storage_on_another_file_system_is_copied_from(elsewhere: Path, tmp_path: Path) -> None:
    path = await held(Stored.open(elsewhere / "storage"), tmp_path / "inputs")

    assert path.parent == tmp_path / "inputs"


async def test_a_storage_on_the_same_file_system_is_not(tmp_path: Path) -> None:
    path = await held(Stored.open(tmp_path / "storage"), tmp_path / "inputs")

    assert path.is_relative_to(tmp_path / "storage")
    assert not list((tmp_path / "inputs").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="to make somebody else's file one must be root")
async def test_what_only_root_could_read_is_copied_since_a_child_is_nothing_more_than_a_user(tmp_path: Path) -> None:
    stored = Stored.open(tmp_path / "storage")
    path = await held(stored, tmp_path / "inputs")
    os.chown(path, 65534, 65534)
    path.chmod(0o600)
    cache = InputCache(folder=tmp_path / "inputs", storage=stored.storage, most_bytes=1000)
    await cache.open()
    async with cache.hold(path.name) as copied:
        assert copied.parent == tmp_path / "inputs"
        assert copied.stat().st_uid == os.geteuid()
