import os
from pathlib import Path

import pytest

from processor.watchdog import folder_bytes


def test_a_folder_occupies_what_its_files_do_however_deep(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "deep", tmp_path / "deep" / "er"):
        (place / "file").write_bytes(os.urandom(100_000))

    assert 300_000 <= folder_bytes(tmp_path) <= 400_000


def test_a_sparse_file_occupies_what_was_written(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)

    assert folder_bytes(tmp_path) < 1 << 20


def test_a_link_occupies_next_to_nothing_whatever_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(os.urandom(1 << 20))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "outside")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to(tmp_path / "gone")

    assert folder_bytes(folder) < 100_000


def test_a_folder_that_is_gone_occupies_nothing(tmp_path: Path) -> None:
    assert folder_bytes(tmp_path / "gone") == 0


@pytest.mark.parametrize("count", [0, 200])
def test_many_small_files_add_up(tmp_path: Path, count: int) -> None:
    for number in range(count):
        (tmp_path / str(number)).write_bytes(b"x")

    assert folder_bytes(tmp_path) >= count * 512
