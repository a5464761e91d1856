"""Watches one child from outside: time, resident memory, disk. It ends the attempt when a limit is passed.

Address-space limits are no help: Polars reserves far more than it uses, and aborts without a word when it may not. So
resident memory is read often, and the child is killed when there is too much.
"""

import os
from collections.abc import Callable
from pathlib import Path

import anyio
from anyio.abc import TaskStatus

from common.lifecycle import Service
from processor.children import Child
from processor.claim import Claim, Ending
from processor.settings import ProcessorSettings

MEMORY_S = 0.025
DISK_S = 0.5


class Watchdog(Service):
    """The limits of one attempt.

    Attributes:
        peak_bytes: the most resident memory that was seen.
    """

    def __init__(
        self,
        *,
        child: Child,
        scratch: Path,
        claim: Claim,
        settings: ProcessorSettings,
        end: Callable[[Ending], None],
    ) -> None:
        super().__init__()
        self.peak_bytes = 0
        self._child = child
        self._scratch = scratch
        self._claim = claim
        self._settings = settings
        self._end = end

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Watch until cancelled."""
        ready.started()
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_time)
            group.start_soon(self._watch_memory)
            group.start_soon(self._watch_disk)

    async def _watch_time(self) -> None:
        await anyio.sleep(self._claim.timeout_s)
        self._end(Ending.TIMED_OUT)

    async def _watch_memory(self) -> None:
        most = self._claim.memory_mb << 20
        while True:
            resident = self._child.resident_bytes()
            self.peak_bytes = max(self.peak_bytes, resident)
            if resident > most:
                self._end(Ending.OUT_OF_MEMORY)
            await anyio.sleep(MEMORY_S)

    async def _watch_disk(self) -> None:
        most = self._settings.scratch_mb << 20
        while True:
            if await anyio.to_thread.run_sync(folder_bytes, self._scratch) > most:
                self._end(Ending.OUT_OF_DISK)
            await anyio.sleep(DISK_S)


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
