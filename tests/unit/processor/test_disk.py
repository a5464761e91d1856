import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from processor.disk import Fill, fill_of

LOOK_AS_NOBODY: Final = """
import os
import sys
from pathlib import Path
from processor.disk import fill_of

os.chdir(sys.argv[1])
if os.geteuid() == 0:  # to whom no folder is closed
    os.chown(".", 65534, 65534)
    os.setuid(65534)
Path("closed").mkdir(0o300)
Path("closed/file").touch()
print(fill_of(Path("."), 1000).files)
"""


def test_a_folder_occupies_what_its_files_do_however_deep(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for place in (tmp_path, tmp_path / "deep", tmp_path / "deep" / "er"):
        (place / "file").write_bytes(os.urandom(100_000))

    assert 300_000 <= fill_of(tmp_path, 1000).bytes <= 400_000


def test_a_sparse_file_occupies_what_was_written(tmp_path: Path) -> None:
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 40)

    assert fill_of(tmp_path, 1000).bytes < 1 << 20


def test_a_link_occupies_next_to_nothing_whatever_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(os.urandom(1 << 20))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").symlink_to(tmp_path / "outside")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "nowhere").symlink_to(tmp_path / "gone")

    assert fill_of(folder, 1000).bytes < 100_000


def test_a_folder_that_is_gone_occupies_nothing(tmp_path: Path) -> None:
    assert fill_of(tmp_path / "gone", 1000) == Fill(0, 0)


@pytest.mark.parametrize("count", [0, 200])
def test_many_small_files_add_up(tmp_path: Path, count: int) -> None:
    for number in range(count):
        (tmp_path / str(number)).write_bytes(b"x")

    assert fill_of(tmp_path, 1000).bytes >= count * 512


def test_files_are_counted_with_their_folders_though_they_occupy_nothing(tmp_path: Path) -> None:
    for number in range(3):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "empty").touch()

    assert fill_of(tmp_path, 1000) == Fill(0, 6)


def test_nothing_is_looked_at_beyond_the_most_that_may_be_there(tmp_path: Path) -> None:
    for number in range(100):
        (tmp_path / str(number)).touch()

    assert fill_of(tmp_path, 10).files == 11


def test_what_no_path_leads_to_counts_as_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(20):
        Path("d" * 250).mkdir()
        os.chdir("d" * 250)
    os.chdir("/")

    assert fill_of(tmp_path, 1000).files > 1000


def test_what_stands_in_a_folder_that_may_not_be_listed_counts_as_too_much(tmp_path: Path) -> None:
    """Its maker writes into it all the same."""
    looked = subprocess.run(
        [sys.executable, "-c", LOOK_AS_NOBODY, str(tmp_path)], check=True, capture_output=True, text=True
    )

    assert int(looked.stdout) > 1000
