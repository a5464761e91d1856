"""Watches all running children from outside: time, memory, threads, disk. It ends an attempt when a limit is passed.

Address-space limits are no help: Polars reserves far more than it uses, and aborts without a word when it may not. So
resident memory is read often, and the child is killed when there is too much. One task does this for all children.
The kernel's limit on threads counts those of a user, and holds root to none; so those of a child are counted here.
"""

import logging
import math
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import TaskStatus

from common.lifecycle import Service
from processor.children import Child
from processor.claim import Ending

log = logging.getLogger(__name__)

LOOK_S: Final = 0.025
TAKES_JOB_S: Final = 3.0
LOOKS_A_DISK_LOOK: Final = 20
THREADS_AT_MOST: Final = 2048  # some for each of many cores, for several engines: no analysis has more by honest means


class Watched:
    """One child with the limits of its task.

    Args:
        deadline: of the task, by the monotonic clock.
        end: called with the limit that was passed.

    Attributes:
        peak_bytes: the most resident memory that was seen.
    """

    __slots__ = (
        "_bytes_at_most",
        "_child",
        "_deadline",
        "_end",
        "_scratch",
        "_scratch_at_most",
        "_takes_job_until",
        "peak_bytes",
    )

    def __init__(
        self,
        *,
        child: Child,
        scratch: Path,
        scratch_bytes: int,
        memory_bytes: int,
        deadline: float,
        end: Callable[[Ending], None],
    ) -> None:
        self.peak_bytes = child.bytes_seen
        self._child = child
        self._scratch = scratch
        self._scratch_at_most = scratch_bytes
        self._bytes_at_most = memory_bytes
        self._deadline = deadline
        self._takes_job_until = time.monotonic() + TAKES_JOB_S
        self._end = end

    def look(self) -> None:
        """Look at time, memory and threads, and once whether it works at all: one that has stopped takes no job."""
        resident = self._child.resident_bytes()
        self.peak_bytes = max(self.peak_bytes, resident)
        if resident > self._bytes_at_most:
            self._end(Ending.OUT_OF_MEMORY)
        elif self._child.threads() > THREADS_AT_MOST:
            self._end(Ending.TOO_MANY_THREADS)
        elif (now := time.monotonic()) >= self._deadline:
            self._end(Ending.TIMED_OUT)
        elif now >= self._takes_job_until:
            self._takes_job_until = math.inf
            if self._child.has_unread_job():
                log.warning("a child does not take its job", extra={"pid": self._child.pid})
                self._child.signal(signal.SIGKILL)

    async def look_at_disk(self) -> None:
        """Look at the disk that it fills."""
        if await anyio.to_thread.run_sync(folder_bytes, self._scratch) > self._scratch_at_most:
            self._end(Ending.OUT_OF_DISK)


class Watchdog(Service):
    """All children that work."""

    def __init__(self) -> None:
        super().__init__()
        self._watched: set[Watched] = set()

    @contextmanager
    def watch(self, watched: Watched) -> Iterator[None]:
        """Look at it as long as the block lasts, and once more at its end."""
        self._watched.add(watched)
        try:
            yield
            watched.look()
        finally:
            self._watched.discard(watched)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Look until cancelled."""
        ready.started()
        looks = 0
        while True:
            await anyio.sleep(LOOK_S)
            looks += 1
            for watched in list(self._watched):
                watched.look()
                if looks % LOOKS_A_DISK_LOOK == 0:
                    await watched.look_at_disk()


def folder_bytes(folder: Path) -> int:
    """Disk that the files of a folder occupy, sparse parts not counted; what vanishes meanwhile counts nothing."""
    total = 0
    for place, _folders, files in os.walk(folder):
        for name in files:
            try:
                total += (Path(place) / name).lstat().st_blocks * 512
            except OSError:
                continue
    return total
