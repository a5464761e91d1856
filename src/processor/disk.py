"""What an analysis has put into its folder. It may be hostile, so the count ends where there is too much."""

import errno
import os
from pathlib import Path
from typing import Final, NamedTuple

BLOCK_BYTES: Final = 512  # the unit of st_blocks, whatever the file system's own
HIDDEN: Final = (errno.ENAMETOOLONG, errno.EACCES)


class Fill(NamedTuple):
    """Disk that files occupy, sparse parts not counted; and how many they are, with the folders."""

    bytes: int
    files: int


def fill_of(folder: Path, files_at_most: int) -> Fill:
    """What is below a folder; what vanishes meanwhile counts nothing.

    No more than one file above `files_at_most` is looked at. A folder so deep that no path leads there, or closed to
    its reader, counts as too many files: only who wants to hide something makes one.
    """
    used = files = 0
    folders = [os.fspath(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    files += 1
                    if files > files_at_most:
                        return Fill(used, files)
                    used += _bytes_of(entry)
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
        except OSError as error:
            if error.errno in HIDDEN:
                return Fill(used, files_at_most + 1)
    return Fill(used, files)


def _bytes_of(entry: "os.DirEntry[str]") -> int:
    if entry.is_dir(follow_symlinks=False):
        return 0
    try:
        return entry.stat(follow_symlinks=False).st_blocks * BLOCK_BYTES
    except OSError:
        return 0
