"""What the children of a processor are confined to, and the moment in which one of them goes in."""

import errno
import os
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from processor.confinement import kernel, landlock
from processor.confinement.landlock import READ, WRITE, Place
from processor.confinement.limits import lower_limits
from processor.confinement.readable import readable_places
from processor.confinement.seccomp import Filter
from processor.confinement.wall import Wall

ITSELF: Final = "/proc/self"  # a rule about it means the process that makes it, not who looks later


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """The same for all children of a processor but for the folder; made before a child is there, to save it the time.

    Attributes:
        readable: what may be read besides the child's folder.
        filter: the calls that may be made; None on a machine whose calls are not known.
        scratch_bytes: disk that a child may fill.
        pins: descriptors that nobody reads. A rule means the entry of /proc that was there when it was made; the kernel
            forgets entries that nobody has open when it needs memory, and makes others by the same name later. Of each
            child's own folder there the supervisor has a file open.
    """

    readable: tuple[Place, ...]
    filter: Filter | None
    scratch_bytes: int
    pins: tuple[int, ...] = ()

    @classmethod
    def plan(cls, *, hidden: Iterable[Path], scratch_bytes: int) -> "Enclosure":
        """The enclosure for this machine and this Python.

        Args:
            hidden: folders that stay hidden, even if Python has modules beside them.
            scratch_bytes: disk that a child may fill.
        """
        readable = readable_places(hidden=hidden)
        told = [place.path for place in readable if place.path.is_relative_to("/proc")]
        return cls(
            readable=readable,
            filter=Filter.of(platform.machine()),
            scratch_bytes=scratch_bytes,
            pins=tuple(os.open(path, os.O_PATH | os.O_CLOEXEC) for path in told),
        )

    def build(self, wall: Wall, *, folder: Path) -> None:
        """Build one wall around this process, which must have one thread.

        Args:
            wall: which.
            folder: the child's own, with `inputs` and `scratch` in it.

        Raises:
            OSError: the kernel does not have it, or refuses.
        """
        match wall:
            case Wall.NO_NEW_PRIVS:
                kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
            case Wall.NO_CAPABILITIES:
                kernel.drop_capabilities()
            case Wall.NO_DUMP:
                kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
            case Wall.LANDLOCK:
                landlock.restrict_files([*self.readable, *places_of(folder)])
            case Wall.LANDLOCK_NET:
                landlock.restrict_tcp()
            case Wall.LANDLOCK_SCOPE:
                landlock.restrict_scope()
            case Wall.SECCOMP:
                self._install_filter()
            case Wall.RLIMITS:
                lower_limits(scratch_bytes=self.scratch_bytes)

    def _install_filter(self) -> None:
        if self.filter is None:
            raise OSError(errno.ENOSYS, f"the calls of {platform.machine()} are not known")
        self.filter.install(pid=os.getpid())


def places_of(folder: Path) -> tuple[Place, ...]:
    """What is a child's own."""
    return Place(folder / "inputs", READ), Place(folder / "scratch", WRITE), Place(Path(ITSELF), READ)
