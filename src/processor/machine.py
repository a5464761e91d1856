"""Whether this machine is fit to run analyses, as far as its attempts tell.

Its disk may be full, its storage away, its folder gone. Then every attempt fails at once, and a machine that goes on
claiming eats the queue: it is the fastest of all. So after the second such failure in a row it is in doubt, until an
attempt reaches an end of its own again:

- it claims one task at a time, after a pause that grows with each failure;
- what fails is not blamed for it (settlement.py).

A child's word is not enough for that: one that says that the disk is full may have filled it itself, and there is room
again when it has gone. So its processor tries for itself (blame.py). Else a task could keep a machine from all its
neighbours.

The first failure after something that went well may be the task's own, and counts: so one that no machine can run fails
in the end, while a machine that breaks costs one attempt of one task.
"""

import logging
import random
import time
from collections.abc import Callable
from typing import assert_never

from common.backoff import backoff
from processor.claim import Crashed, Ended, Failed, Report, Succeeded

log = logging.getLogger(__name__)

PAUSE_AT_MOST_S = 60.0


class Machine:
    """What is known of this machine.

    Args:
        first_s: the first pause; doubled with each further failure.
        most_s: the longest pause.
        clock: seconds that only grow.
        rng: for the jitter.
    """

    def __init__(
        self,
        *,
        first_s: float,
        most_s: float = PAUSE_AT_MOST_S,
        clock: Callable[[], float] = time.monotonic,
        rng: random.Random | None = None,
    ) -> None:
        self._first_s = first_s
        self._most_s = most_s
        self._clock = clock
        self._rng = rng
        self._failures = 0  # in a row
        self._not_before = float("-inf")

    @property
    def is_in_doubt(self) -> bool:
        """It failed, and nothing went well since it had failed before."""
        return self._failures > 1

    def hear(self, report: Report) -> None:
        """Learn from how an attempt ended."""
        match report:
            case Succeeded() | Failed(permanent=True):
                self._failures = 0
            case Failed(by_machine=True):
                self._fail()
            case Failed() | Crashed() | Ended():  # says nothing about the machine
                pass
            case unknown:
                assert_never(unknown)

    def places(self, free: int) -> int:
        """How many of the free slots may be claimed for at this moment."""
        if not self.is_in_doubt:
            return free
        return min(free, 1) if self._clock() >= self._not_before else 0

    def _fail(self) -> None:
        self._failures += 1
        if self.is_in_doubt:
            pause_s = backoff(self._failures - 1, first=self._first_s, most=self._most_s, rng=self._rng)
            self._not_before = self._clock() + pause_s
            log.warning("this machine fails, claiming one task at a time", extra={"count": self._failures})
