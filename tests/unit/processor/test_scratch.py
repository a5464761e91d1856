import ctypes
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from processor.scratch import ArtifactOutsideError, empty_folder, open_inside, remove_folder

IN_OPEN = 0x20
SECRET = b"of somebody else"
AS_NOBODY = """
import os
import sys
from pathlib import Path
import anyio
from processor.scratch import empty_folder, remove_folder

anyio.run(anyio.to_thread.run_sync, os.getpid)  # imports what nobody may not
os.chdir(sys.argv[1])
if os.geteuid() == 0:  # to whom no folder is closed
    os.chown(".", 65534, 65534)
    os.setuid(65534)
folder = Path("folder")
(folder / "closed" / "deeper").mkdir(parents=True)
(folder / "closed" / "deeper" / "file").touch()
for each in (folder / "closed" / "deeper", folder / "closed"):
    each.chmod(0o300)
print(anyio.run(empty_folder, folder))
anyio.run(remove_folder, folder)
print(folder.exists())
"""


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    file = tmp_path / "outside"
    file.write_bytes(SECRET)
    return file


@pytest.fixture
def scratch(tmp_path: Path, outside: Path) -> Path:  # outside lies beside it
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("file", ["made.txt", "deep/er/made.txt", "./made.txt", "deep/../made.txt"])
def test_a_plain_file_of_the_folder_is_opened(scratch: Path, file: str) -> None:
    (scratch / "deep" / "er").mkdir(parents=True)
    (scratch / file).write_bytes(b"made")

    with open_inside(scratch, file) as opened:
        assert opened.read() == b"made"


def test_a_folder_that_is_reached_by_a_link_is_the_same_folder(tmp_path: Path, scratch: Path) -> None:
    (scratch / "made").write_bytes(b"made")
    (tmp_path / "way").symlink_to(scratch)

    with open_inside(tmp_path / "way", "made") as opened:
        assert opened.read() == b"made"


def a_link(scratch: Path, outside: Path) -> str:
    (scratch / "link").symlink_to(outside)
    return "link"


def a_link_to_a_file_beside_it(scratch: Path, outside: Path) -> str:
    (scratch / "made").write_bytes(b"made")
    (scratch / "link").symlink_to("made")
    return "link"


def a_linked_folder(scratch: Path, outside: Path) -> str:
    (scratch / "folder").symlink_to(outside.parent)
    return f"folder/{outside.name}"


def a_second_name(scratch: Path, outside: Path) -> str:
    (scratch / "second").hardlink_to(outside)
    return "second"


def a_pipe(scratch: Path, outside: Path) -> str:
    os.mkfifo(scratch / "pipe")
    return "pipe"


def a_folder(scratch: Path, outside: Path) -> str:
    (scratch / "folder").mkdir()
    return "folder"


def the_folder_itself(scratch: Path, outside: Path) -> str:
    return "."


def a_way_up(scratch: Path, outside: Path) -> str:
    return f"../{outside.name}"


def a_way_up_and_down(scratch: Path, outside: Path) -> str:
    (scratch / "folder").mkdir()
    return f"folder/../../{outside.name}"


def an_absolute_path(scratch: Path, outside: Path) -> str:
    return str(outside)


def a_device(scratch: Path, outside: Path) -> str:
    return "/dev/zero"


def a_socket(scratch: Path, outside: Path) -> str:
    os.chdir(scratch)  # a socket's path has to be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
    return "socket"


def nothing(scratch: Path, outside: Path) -> str:
    return "nothing"


def a_name_that_no_file_can_have(scratch: Path, outside: Path) -> str:
    return "made\0of"


def a_name_that_is_too_long(scratch: Path, outside: Path) -> str:
    return "x" * 5000


def a_folder_whose_name_begins_alike(scratch: Path, outside: Path) -> str:
    twin = scratch.with_name(scratch.name + "-of-another")
    twin.mkdir()
    (twin / "made").write_bytes(SECRET)
    return f"../{twin.name}/made"


ATTACKS = [
    a_link,
    a_link_to_a_file_beside_it,
    a_linked_folder,
    a_second_name,
    a_pipe,
    a_folder,
    the_folder_itself,
    a_way_up,
    a_way_up_and_down,
    an_absolute_path,
    a_device,
    a_socket,
    nothing,
    a_name_that_no_file_can_have,
    a_name_that_is_too_long,
    a_folder_whose_name_begins_alike,
]


@pytest.mark.parametrize("attack", ATTACKS)
def test_everything_else_is_refused(
    scratch: Path, outside: Path, attack: Callable[[Path, Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(scratch)  # and back
    file = attack(scratch, outside)

    with pytest.raises(ArtifactOutsideError) as refused, open_inside(scratch, file):
        raise AssertionError("it must not be opened")
    assert refused.value.code == "artifact_outside"
    assert str(outside) not in refused.value.message


@pytest.mark.parametrize("way", ["{pipe}", "link", "linked/pipe", "../pipe"])
def test_what_is_named_is_not_touched_before_it_is_checked(scratch: Path, tmp_path: Path, way: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (scratch / "link").symlink_to(pipe)
    (scratch / "linked").symlink_to(tmp_path)
    told = inotify_of(pipe)

    with pytest.raises(ArtifactOutsideError), open_inside(scratch, way.format(pipe=pipe)):
        raise AssertionError("it must not be opened")

    with pytest.raises(BlockingIOError):
        os.read(told, 4096)
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))
    assert os.read(told, 4096)  # this is what opening it would have told
    os.close(told)


def inotify_of(path: Path) -> int:
    """A descriptor that tells who opens a file."""
    libc = ctypes.CDLL(None, use_errno=True)
    told: int = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    assert libc.inotify_add_watch(told, bytes(path), IN_OPEN) >= 0
    return told


@pytest.mark.parametrize("attack", [a_second_name, a_folder])
def test_a_refusal_leaves_no_file_open(scratch: Path, outside: Path, attack: Callable[[Path, Path], str]) -> None:
    name = attack(scratch, outside)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(10):
        with pytest.raises(ArtifactOutsideError), open_inside(scratch, name):
            raise AssertionError("it must not be opened")

    assert len(list(Path("/proc/self/fd").iterdir())) == before


async def test_an_emptied_folder_stays_and_what_it_linked_to_is_left_alone(scratch: Path, outside: Path) -> None:
    await empty_folder(scratch)
    (scratch / "deep" / "er").mkdir(parents=True)
    (scratch / "deep" / "er" / "made").write_bytes(b"made")
    a_link(scratch, outside)
    (scratch / "folder").symlink_to(outside.parent)
    os.mkfifo(scratch / "pipe")
    await empty_folder(scratch)

    assert list(scratch.iterdir()) == []
    assert outside.read_bytes() == SECRET


async def test_a_removed_folder_is_gone_and_removing_it_again_is_no_error(scratch: Path, outside: Path) -> None:
    a_link(scratch, outside)
    await remove_folder(scratch)
    await remove_folder(scratch)

    assert not scratch.exists()
    assert outside.read_bytes() == SECRET


@pytest.mark.parametrize("depth", [2, 3000])
@pytest.mark.parametrize("remove", [empty_folder, remove_folder])
async def test_folders_in_folders_go_however_deep_they_are(
    tmp_path: Path, remove: Callable[[Path], Awaitable[object]], depth: int
) -> None:
    """More of them than Python nests calls, than a process may open, and than a path may name."""
    folder = tmp_path / "folder"
    folder.mkdir()
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        for name in ("deeper", "beside"):
            os.mkdir(name, dir_fd=here)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        below = os.open("deeper", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)

    await remove(folder)

    assert not folder.exists() or not list(folder.iterdir())


def test_folders_that_are_closed_to_all_go_with_the_child_and_not_before(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, str(tmp_path)], check=True, capture_output=True, text=True)

    assert done.stdout.split() == ["False", "False"]
