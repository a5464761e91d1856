"""When to show what is counted so far, so that showing never costs more than a small share of the time."""

import time
from collections.abc import Callable

SHARE = 0.02
LEAST_S = 1.0


class Pace:
    """Lets something happen when it is due.

    Args:
        expected_s: how long it may take the first time.
        clock: seconds that only rise.
    """

    def __init__(self, *, expected_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._cost = expected_s
        self._since = clock()

    def look(self, show: Callable[[], None]) -> None:
        """Do it, if it is due: after a second at least, and after fifty times what it took before."""
        now = self._clock()
        if now - self._since < max(LEAST_S, self._cost / SHARE):
            return
        show()
        self._since = self._clock()
        self._cost = max(self._cost, self._since - now)
