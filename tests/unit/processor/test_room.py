"""A child's own folder."""

from pathlib import Path

import pytest

from processor.room import Room


@pytest.fixture
def room(tmp_path: Path) -> Room:
    room = Room(tmp_path / "children" / "1")
    room.make()
    return room


async def test_what_is_lent_is_the_file_itself_and_is_taken_back(room: Room, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_text("a,b")
    lent = room.lend(stored, sha256="0" * 64)
    assert lent.samefile(stored)
    assert room.lend(stored, sha256="0" * 64) == lent

    assert await room.clear()
    assert not list(room.inputs.iterdir())
    assert stored.read_text() == "a,b"


async def test_what_was_written_is_removed(room: Room) -> None:
    (room.scratch / "folder").mkdir()
    (room.scratch / "folder" / "file").write_text("x")
    (room.inputs / "smuggled").write_text("x")

    assert await room.clear()
    assert not list(room.scratch.iterdir())
    assert not list(room.inputs.iterdir())


async def test_a_room_whose_folder_was_swapped_is_not_clear(room: Room, tmp_path: Path) -> None:
    (tmp_path / "foreign").mkdir()
    room.scratch.rmdir()
    room.scratch.symlink_to(tmp_path / "foreign")

    assert not await room.clear()


async def test_a_room_is_removed_with_its_links_and_not_with_what_they_lead_to(room: Room, tmp_path: Path) -> None:
    stored = tmp_path / "stored"
    stored.write_text("a,b")
    room.lend(stored, sha256="0" * 64)
    await room.remove()
    await room.remove()

    assert not room.folder.exists()
    assert stored.exists()
