"""Watches all running children from outside: time, memory, threads, disk. It ends an attempt when a limit is passed.

Address-space limits are no help: Polars reserves far more than it uses, and aborts without a word when it may not. So
resident memory is read often, and the child is killed when there is too much. One task does this for all children.
The kernel's limit on threads counts those of a user, and holds root to none; so those of a child are counted here.

A look at a disk takes as long as a child has files, or the file system is slow. Each has a task of its own, so that it
delays the next look at the same disk and nothing else.
"""

import logging
import math
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import anyio
from anyio.abc import TaskGroup, TaskStatus

from common.lifecycle import Service
from processor.child_process import Child
from processor.claim import Ending
from processor.disk import Fill, fill_of

log = logging.getLogger(__name__)

LOOK_S: Final = 0.025
TAKES_JOB_S: Final = 3.0
DISK_LOOK_S: Final = 0.5
DISK_THREADS: Final = 4
THREADS_AT_MOST: Final = 2048  # some for each of many cores, for several engines: no analysis has more by honest means


class Watched:
    """One child with the limits of its task.

    Args:
        deadline: of the task, by the monotonic clock.
        end: called with the limit that was passed.

    Attributes:
        peak_bytes: the most resident memory that was seen.
        scratch: the folder that it writes in.
        files_at_most: that it may have there.
    """

    __slots__ = (
        "_bytes_at_most",
        "_child",
        "_deadline",
        "_end",
        "_scratch_at_most",
        "_takes_job_until",
        "files_at_most",
        "peak_bytes",
        "scratch",
    )

    def __init__(
        self,
        *,
        child: Child,
        scratch: Path,
        scratch_bytes: int,
        scratch_files: int,
        memory_bytes: int,
        deadline: float,
        end: Callable[[Ending], None],
    ) -> None:
        self.peak_bytes = child.bytes_seen
        self._child = child
        self.scratch = scratch
        self.files_at_most = scratch_files
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

    def judge_disk(self, fill: Fill) -> None:
        """End it where its folder holds too much."""
        if fill.bytes > self._scratch_at_most:
            self._end(Ending.OUT_OF_DISK)
        elif fill.files > self.files_at_most:
            self._end(Ending.TOO_MANY_FILES)


class Watchdog(Service):
    """All children that work.

    Args:
        look_at_disk: counts what is in a folder, up to so many files; called in a thread.
    """

    def __init__(self, *, look_at_disk: Callable[[Path, int], Fill] = fill_of) -> None:
        super().__init__()
        self._count = look_at_disk
        self._watched: set[Watched] = set()
        self._at_their_disks: set[Watched] = set()

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
        async with anyio.create_task_group() as group:
            group.start_soon(self._look_at_disks, group)
            ready.started()
            while True:
                await anyio.sleep(LOOK_S)
                for watched in list(self._watched):
                    watched.look()

    async def _look_at_disks(self, group: TaskGroup) -> None:
        threads = anyio.CapacityLimiter(DISK_THREADS)  # its own: all others go to the storage and to folders
        while True:
            await anyio.sleep(DISK_LOOK_S)
            for watched in self._watched - self._at_their_disks:
                self._at_their_disks.add(watched)
                group.start_soon(self._look_at_disk, watched, threads)

    async def _look_at_disk(self, watched: Watched, threads: anyio.CapacityLimiter) -> None:
        try:
            fill = await anyio.to_thread.run_sync(self._count, watched.scratch, watched.files_at_most, limiter=threads)
        finally:
            self._at_their_disks.discard(watched)
        if watched in self._watched:
            watched.judge_disk(fill)
