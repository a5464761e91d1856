"""A child's own folder: what it may read, and where it may write. All else is closed to it (see processor.confinement).

Its inputs are links to the bytes themselves, which cost nothing and stay read-only by the child's walls. They must be
links and no rule, since a child that is used again keeps the rules of its first moment.
"""

import os
from pathlib import Path

from processor.scratch import empty_folder, is_empty_folder, remove_folder


class Room:
    """One child's folder.

    Attributes:
        folder: holds the two others.
        inputs: what the supervisor lends; the child reads it.
        scratch: the child's to write in; empty between two tasks.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inputs = folder / "inputs"
        self.scratch = folder / "scratch"
        self._lent: set[str] = set()

    def make(self) -> None:
        """Make it, empty.

        Raises:
            OSError: there is no room for it.
        """
        self.folder.mkdir(mode=0o700, parents=True)
        for each in (self.inputs, self.scratch):
            each.mkdir(mode=0o700)

    def lend(self, path: Path, *, sha256: str) -> Path:
        """Link a file into it, for the present task.

        Raises:
            OSError: it lies on another file system.
        """
        lent = self.inputs / sha256
        if sha256 not in self._lent:
            os.link(path, lent)
            self._lent.add(sha256)
        return lent

    def is_empty(self) -> bool:
        """Whether nothing was lent and nothing written, and no folder was put away: then there is nothing to clear."""
        return not self._lent and is_empty_folder(self.inputs) and is_empty_folder(self.scratch)

    async def clear(self) -> bool:
        """Take back what was lent, and remove what was written; False if that cannot be done."""
        while self._lent:
            (self.inputs / self._lent.pop()).unlink(missing_ok=True)
        return await empty_folder(self.inputs) and await empty_folder(self.scratch)

    async def remove(self) -> None:
        """Remove it with all that is in it; harmless if it is gone."""
        await remove_folder(self.folder)
