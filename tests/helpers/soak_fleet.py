"""The processors of a soak: started again whenever they end, as an installation does it."""

import random
import signal
from typing import Any, Final

import anyio
from anyio.abc import TaskStatus

from common.lifecycle import Service
from helpers.mortal_processor import MortalProcessor, mortal_processor
from helpers.processors import ProcessorFactory

LEASE_S: Final = 2.0
SETTINGS: Final[dict[str, Any]] = {
    "slots": 3,
    "lease_s": LEASE_S,
    "heartbeat_s": 0.3,
    "rescue_s": 0.5,
    "poll_s": 0.3,
    "grace_s": 1,
    "cancel_grace_s": 0.1,
    "max_crashes": 1000,  # the faults are no fault of the tasks
    "scratch_mb": 2,
}
ENVIRONMENT: Final = {"SUNDOG_DATABASE_TIMEOUT_S": "2", "SUNDOG_LOG_LEVEL": "WARNING"}


class Fleet(Service):
    """So many processors.

    Attributes:
        started: how many there have been.
        codes: what those that ended exited with.
    """

    def __init__(self, *, processors: ProcessorFactory, count: int) -> None:
        super().__init__()
        self.started = 0
        self.codes: list[int] = []
        self._processors = processors
        self._count = count
        self._running: set[MortalProcessor] = set()
        self._is_closing = False
        self._all_ended = anyio.Event()

    def draw(self, rng: random.Random) -> MortalProcessor:
        """One of those that run."""
        return rng.choice(sorted(self._running, key=lambda processor: processor.pid))

    async def stop_in_order(self) -> None:
        """Tell all to stop, start no more, and wait until they are gone.

        Raises:
            AssertionError: one did not end as it should.
        """
        self._is_closing = True
        self.codes.clear()
        for processor in self._running:
            processor.send(signal.SIGTERM)
        await self._all_ended.wait()
        assert set(self.codes) <= {0, -signal.SIGTERM}, self.codes  # one that had just begun does not hear yet

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Keep them running until closed."""
        async with anyio.create_task_group() as group:
            for _ in range(self._count):
                group.start_soon(self._keep_one)
            ready.started()
        self._all_ended.set()

    async def _keep_one(self) -> None:
        while not self._is_closing:
            self.started += 1
            async with mortal_processor(self._processors, environment=ENVIRONMENT, **SETTINGS) as processor:
                self._running.add(processor)
                if self._is_closing:
                    processor.send(signal.SIGTERM)
                try:
                    self.codes.append(await processor.process.wait())
                finally:
                    self._running.discard(processor)
