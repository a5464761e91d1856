"""How much is spent on what is wrong with one request, whose sender may want nothing but that it is spent.

The time is that of the CPU, and only while something is looked for: what the thread does for other requests meanwhile
is not counted. So a batch has one patience for all its tasks.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from gateway.complaint import Path

MOST_LOOKS: Final = 5_000  # some 100 ms
MOST_CPU_S: Final = 0.1  # where many of them are at large values
STRIDE: Final = 500  # entries of a list or an object, between two looks at the clock

Entry = TypeVar("Entry")


class EnoughError(Exception):
    """It was looked for as long as it may be; `path` is where that was."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path


class Patience:
    """That with one request.

    Args:
        most_looks: how many values may be looked at.
        most_cpu_s: how long it may take.
    """

    def __init__(self, *, most_looks: int = MOST_LOOKS, most_cpu_s: float = MOST_CPU_S) -> None:
        self._looks_left = most_looks
        self._left_s = most_cpu_s
        self._until = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more is looked for."""
        return self._looks_left <= 0 or self._left_s <= 0

    @contextmanager
    def spent(self) -> Iterator[None]:
        """The time that is spent within is taken off."""
        self._until = time.thread_time() + self._left_s
        try:
            yield
        finally:
            self._left_s = self._until - time.thread_time()

    def look(self, path: Path) -> None:
        """A value is looked at.

        Raises:
            EnoughError: it is one too many.
        """
        self._looks_left -= 1
        if self._looks_left < 0:
            raise EnoughError(path)

    def go_on(self, path: Path) -> None:
        """More is done about a value.

        Raises:
            EnoughError: there is no time for it.
        """
        if time.thread_time() > self._until:
            raise EnoughError(path)

    def each(self, entries: Iterable[Entry], path: Path) -> Iterator[Entry]:
        """The entries of what stands there, as long as there is time; raises as `go_on`."""
        for number, entry in enumerate(entries):
            if number % STRIDE == 0:
                self.go_on(path)
            yield entry
