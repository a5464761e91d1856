"""The folder that an analysis writes in: taking files out of it without being led elsewhere, and removing it.

The child owns the folder and may be hostile: it can link to anything, and change a path between a check and its use. So
a file is held first, step by step from the folder and without following a link (`O_PATH`, which does nothing to it);
what is held is checked, and only then opened.
"""

import contextlib
import os
import secrets
import stat
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

import anyio

from common.errors import SundogError
from common.storage import CHUNK_BYTES

PLACE: Final = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class ArtifactOutsideError(SundogError):
    """An analysis named an artifact that is no plain file of its own folder."""

    code = "artifact_outside"


@contextmanager
def open_inside(folder: Path, file: str) -> Iterator[BinaryIO]:
    """A file of the folder, opened for reading.

    Raises:
        ArtifactOutsideError: it is a link, has a second name, is no plain file, or lies elsewhere.
    """
    with contextlib.ExitStack() as held:
        try:
            opened = held.enter_context(_opened(folder, file))
        except (OSError, ValueError) as error:  # a ValueError: no file can have that name
            raise _outside() from error
        yield opened


@contextmanager
def _opened(folder: Path, file: str) -> Iterator[BinaryIO]:
    """The same; whatever it is that is no plain file, nothing is done to it: who opens a pipe wakes its writer."""
    with contextlib.ExitStack() as held:
        place = _held(held, os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC))
        *folders, name = _steps(file)
        for step in folders:
            place = _held(held, os.open(step, PLACE | os.O_DIRECTORY, dir_fd=place))
        place = _held(held, os.open(name, PLACE, dir_fd=place))
        status = os.fstat(place)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise _outside()
        descriptor = _held(held, os.open(f"/proc/self/fd/{place}", os.O_RDONLY | os.O_CLOEXEC))
        yield held.enter_context(open(descriptor, "rb", closefd=False))


def _held(held: contextlib.ExitStack, descriptor: int) -> int:
    held.callback(os.close, descriptor)
    return descriptor


def _steps(file: str) -> Sequence[str]:
    """The way to a file within the folder; it follows no link, so that `..` can be taken back beforehand.

    Raises:
        ArtifactOutsideError: it leads out of the folder, or nowhere.
    """
    steps = Path(os.path.normpath(file)).parts
    if not steps or steps[0] in ("/", "//", ".."):
        raise _outside()
    return steps


def _outside() -> ArtifactOutsideError:
    return ArtifactOutsideError("The analysis named an artifact that is no plain file of its own folder.")


async def chunks_of(file: BinaryIO) -> AsyncIterator[bytes]:
    """A file's bytes, read beside the loop."""
    while chunk := await anyio.to_thread.run_sync(file.read, CHUNK_BYTES):
        yield chunk


async def remove_folder(folder: Path) -> None:
    """Remove a folder with all that is in it, or the link that was put in its place. Whoever wrote in it is gone."""
    await anyio.to_thread.run_sync(_remove, folder)


def _remove(folder: Path) -> None:
    if folder.is_symlink():
        folder.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        folder.chmod(0o700)
        descriptor = os.open(folder, FOLDER)
        try:
            _remove_contents(descriptor, is_ours=True)
        finally:
            os.close(descriptor)
        folder.rmdir()


def is_empty_folder(folder: Path) -> bool:
    """Whether it is a folder, and no link to one, with nothing in it."""
    try:
        descriptor = os.open(folder, FOLDER)
    except OSError:
        return False
    try:
        return not os.listdir(descriptor)  # noqa: PTH208 - a path could be changed by the child
    except OSError:
        return False
    finally:
        os.close(descriptor)


async def empty_folder(folder: Path) -> bool:
    """Remove what is in a folder; mostly that is nothing, and then it costs no thread.

    Returns:
        False if it cannot be emptied, or is no folder any more: the child may have put a link to another in its place.
    """
    try:
        descriptor = os.open(folder, FOLDER)
    except OSError:
        return False
    try:
        if os.listdir(descriptor):  # noqa: PTH208 - a path could be changed by the child
            await anyio.to_thread.run_sync(_remove_contents, descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True


def _remove_contents(top: int, *, is_ours: bool = False) -> None:
    """Remove what is in a folder, level by level: what its folders hold is moved up into it first.

    So neither a call nor an open folder stands for each level, of which a child can make more than either may be. What
    its maker has closed to all is opened only where it `is_ours` alone: else a link could take its place.
    """
    folders = _remove_files(top, is_ours=is_ours)
    while folders:
        name = folders.pop()
        descriptor = os.open(name, FOLDER, dir_fd=top)
        try:
            for inner in _remove_files(descriptor, is_ours=is_ours):
                folders.append(secrets.token_hex())
                os.rename(inner, folders[-1], src_dir_fd=descriptor, dst_dir_fd=top)
        finally:
            os.close(descriptor)
        os.rmdir(name, dir_fd=top)


def _remove_files(folder: int, *, is_ours: bool) -> list[str]:
    """Remove all that are no folders; returns the names of those that are."""
    with os.scandir(folder) as found:
        entries = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in found]
    for name, is_folder in entries:
        if not is_folder:
            os.unlink(name, dir_fd=folder)
        elif is_ours:
            os.chmod(name, 0o700, dir_fd=folder)
    return [name for name, is_folder in entries if is_folder]
