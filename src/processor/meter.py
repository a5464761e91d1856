"""What a process uses, as the kernel counts it: cheap enough to be asked before and after each task.

Nothing here looks a process up by its number after the start, when it is known to be the right one: the file of /proc
stays open and goes dead with its process.
"""

import ctypes
import os
import time

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_OWN_LINKS = 2  # a folder's name, and the dot in it

_libc = ctypes.CDLL(None)


class Meter:
    """Memory, threads and processor time of one process; all are 0 once it has ended and was reaped."""

    def __init__(self, pid: int) -> None:
        self._clock: int | None = None
        self._statm: int | None = None
        self._tasks: int | None = None
        clock = ctypes.c_int()
        if _libc.clock_getcpuclockid(pid, ctypes.byref(clock)) == 0:
            self._clock = clock.value
        try:
            self._statm = os.open(f"/proc/{pid}/statm", os.O_RDONLY | os.O_CLOEXEC)
            self._tasks = os.open(f"/proc/{pid}/task", os.O_RDONLY | os.O_CLOEXEC | os.O_DIRECTORY)
        except OSError:  # it has ended already
            return

    def close(self) -> None:
        """Let the kernel forget the process."""
        for descriptor in (self._statm, self._tasks):
            if descriptor is not None:
                os.close(descriptor)
        self._clock = self._statm = self._tasks = None

    def resident_bytes(self) -> int:
        """Resident memory at this moment."""
        if self._statm is None:
            return 0
        try:
            return int(os.pread(self._statm, 128, 0).split()[1]) * PAGE_BYTES
        except (OSError, IndexError):
            return 0

    def threads(self) -> int:
        """How many threads it has: each is a folder, and a folder says how many it holds without being listed."""
        if self._tasks is None:
            return 0
        try:
            return max(0, os.fstat(self._tasks).st_nlink - _OWN_LINKS)
        except OSError:
            return 0

    def cpu_seconds(self) -> float:
        """Processor time of all its threads so far."""
        if self._clock is None:
            return 0.0
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0
