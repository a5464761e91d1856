"""Attacks on files: reading what is not the attacker's, and changing anything but its scratch."""

import errno
import fcntl
import os
import stat
import sys
import tempfile
import time
from pathlib import Path

from plugins.attacks.attack import Attacks, Target, buffer, call, names_in


def read_all_hidden(target: Target) -> str:
    """The first of many that can be read; the last error if none can."""
    refused: OSError | None = None
    for path in target.hidden:
        try:
            return str(names_in(path)) if path.is_dir() else path.read_text("latin-1")
        except OSError as error:
            refused = error
    assert refused is not None
    raise refused


def read_by_symlink(target: Target) -> str:
    link = target.scratch / "link"
    link.unlink(missing_ok=True)
    link.symlink_to(target.outside / "secret")
    return link.read_text()


def read_by_hard_link(target: Target) -> str:
    link = target.scratch / "hard-link"
    os.link(target.outside / "secret", link)
    return link.read_text()


def read_by_working_folder(target: Target) -> str:
    os.chdir(target.outside)
    try:
        return Path("secret").read_text()
    finally:
        os.chdir(target.scratch)


def read_by_descriptor_of_folder(target: Target) -> bytes:
    folder = os.open(target.outside, os.O_PATH)
    try:
        return os.read(os.open("secret", os.O_RDONLY, dir_fd=folder), 100)
    finally:
        os.close(folder)


def write_by_symlink(target: Target) -> int:
    link = target.scratch / "folder"
    link.unlink(missing_ok=True)
    link.symlink_to(target.outside)
    return (link / "written").write_text("x")


def write_by_rename(target: Target) -> None:
    (target.scratch / "mine").write_text("x")
    (target.scratch / "mine").rename(target.outside / "mine")


def write_own_input(target: Target) -> None:
    with target.given.open("r+b") as file:
        file.write(b"x")


def replace_own_input(target: Target) -> None:
    (target.scratch / "other").write_text("x")
    (target.scratch / "other").replace(target.given)


def move_own_scratch(target: Target) -> None:
    target.scratch.rename(target.scratch.with_name("moved"))
    target.scratch.with_name("moved").rename(target.scratch)


def write_code(target: Target) -> None:
    folder = next(path for path in sys.path if path.endswith("site-packages"))
    with tempfile.NamedTemporaryFile(dir=folder):
        pass


def write_in_memory_folder(_target: Target) -> None:
    with tempfile.NamedTemporaryFile(dir="/dev/shm"):
        pass


def write_in_tmp(_target: Target) -> None:
    with tempfile.NamedTemporaryFile(dir="/tmp"):
        pass


def change_a_mode(target: Target) -> None:
    """The answer is yes, and nothing is done: so look."""
    before = target.given.stat().st_mode
    target.given.chmod(before ^ stat.S_IWOTH)
    if target.given.stat().st_mode == before:
        raise PermissionError(errno.EPERM, "not done")
    target.given.chmod(before)


def make_named_pipe(target: Target) -> None:
    (target.scratch / "pipe").unlink(missing_ok=True)
    os.mkfifo(target.scratch / "pipe")


def make_device(target: Target) -> None:
    (target.scratch / "device").unlink(missing_ok=True)
    os.mknod(target.scratch / "device", stat.S_IFCHR | 0o600, os.makedev(1, 3))


def hold_up_readers(target: Target) -> None:
    """A lease: whoever opens the file waits until it is given back, or for 45 seconds."""
    with target.given.open("rb") as file:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def open_by_handle(target: Target) -> None:
    """A file's number instead of its name."""
    call("name_to_handle_at", -100, os.fsencode(target.outside / "secret"), buffer(), buffer(4), 0)


FILES: Attacks = {
    "read hidden": read_all_hidden,
    "read /etc/passwd": lambda _: Path("/etc/passwd").read_text(),
    "list parent": lambda target: names_in(target.scratch.parent.parent),
    "list root": lambda _: names_in(Path("/")),
    "list processes": lambda _: names_in(Path("/proc")),
    "read by symlink": read_by_symlink,
    "read by hard link": read_by_hard_link,
    "read by working folder": read_by_working_folder,
    "read by folder's descriptor": read_by_descriptor_of_folder,
    "read by handle": open_by_handle,
    "read by the root of a process": lambda target: Path(f"/proc/self/root{target.outside}/secret").read_text(),
    "write outside": lambda target: (target.outside / "written").write_text("x"),
    "write by symlink": write_by_symlink,
    "write by rename": write_by_rename,
    "write in /tmp": write_in_tmp,
    "write in /dev/shm": write_in_memory_folder,
    "write code": write_code,
    "write own input": write_own_input,
    "shorten own input": lambda target: os.truncate(target.given, target.given.stat().st_size),
    "replace own input": replace_own_input,
    "add an input": lambda target: (target.given.parent / "more").write_text("x"),
    "link own input": lambda target: os.link(target.given, target.scratch / "given"),
    "move own scratch": move_own_scratch,
    "make a folder outside": lambda target: (target.outside / "made").mkdir(exist_ok=True),
    "remove outside": lambda target: (target.outside / "empty").rmdir(),
    "change a mode": change_a_mode,
    "change an owner": lambda target: os.chown(target.given, os.getuid(), os.getgid()),
    "change a time": lambda target: os.utime(target.given, (time.time(), target.given.stat().st_mtime)),
    "change an attribute": lambda target: os.setxattr(target.given, "user.attack", b"x"),
    "make a named pipe": make_named_pipe,
    "make a device": make_device,
    "hold up readers": hold_up_readers,
}
