"""Whom the kernel ends when memory runs out: an analysis, which is tried again, and neither a service nor Postgres.

A child cannot say so itself: its files in /proc are closed to it from its first moment (see the wall `no-dump`). What
it has is what its parent had at the fork. So the fork server, which opened its own file in time, takes a child's score
for that moment.
"""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

FILE: Final = "/proc/self/oom_score_adj"
OF_A_CHILD: Final = 800  # of 1,000: as if it held four fifths of the machine's memory besides what it does hold


class OomScore:
    """That of this process; to be made before its files in /proc are closed."""

    def __init__(self) -> None:
        self._file: int | None = None
        self._own = b"0"
        with contextlib.suppress(OSError):  # a kernel without it
            self._file = os.open(FILE, os.O_RDWR | os.O_CLOEXEC)
            self._own = os.read(self._file, 16)

    @contextmanager
    def of_a_child(self) -> Iterator[None]:
        """As long as the block lasts: what is forked in it keeps that score, or a higher one; this process does not."""
        self._write(b"%d" % max(OF_A_CHILD, int(self._own)))
        try:
            yield
        finally:
            self._write(self._own)

    def _write(self, score: bytes) -> None:
        if self._file is not None:
            with contextlib.suppress(OSError):  # lower than it may
                os.pwrite(self._file, score, 0)
