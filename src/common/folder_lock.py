"""One owner at a time for a folder; the lock ends with its holder, however that ends."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.errors import ConfigurationError


@contextmanager
def folder_lock(folder: Path, *, mode: int = 0o700) -> Iterator[None]:
    """Own `folder` by a lock on a file `lock` in it that names the owner.

    Args:
        folder: made if missing.
        mode: who else may enter one that is made.

    Raises:
        ConfigurationError: somebody else owns it.
    """
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(descriptor, folder)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, folder: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(descriptor, 32, 0).decode().strip()
        raise ConfigurationError(
            f"The folder {folder} is in use by another Sundog (process {owner or 'unknown'}).",
            advice="Stop that one first, or choose another folder.",
        ) from error
