"""Identifiers: UUIDs of version 7, which sort by the time they were made, so that an index on them is appended to."""

import os
import threading
import time
from typing import NewType
from uuid import UUID

TaskId = NewType("TaskId", UUID)
DatasetId = NewType("DatasetId", UUID)
ProcessorId = NewType("ProcessorId", UUID)

_TICKS_PER_MS = 1 << 12
_VERSION = 0x7 << 76
_VARIANT = 0x2 << 62
_RANDOM = (1 << 62) - 1


class _Clock:
    """Ticks of 1/4096 ms since 1970, each greater than the one before, also if the time is set back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def tick(self) -> int:
        now = time.time_ns() * _TICKS_PER_MS // 1_000_000
        with self._lock:
            self._last = max(now, self._last + 1)
            return self._last


_clock = _Clock()


def uuid7(*, unix_ms: int | None = None) -> UUID:
    """A new UUID of version 7 (RFC 9562, section 5.7); each is greater than the one made before in this process.

    48 bits are Unix milliseconds, the next 12 the fraction of the millisecond (section 6.2, method 3), 62 are random.

    Args:
        unix_ms: the time to write into it; None for now. With it the order is only that of the times.
    """
    tick = _clock.tick() if unix_ms is None else unix_ms * _TICKS_PER_MS + int.from_bytes(os.urandom(2), "big") % 4096
    random = int.from_bytes(os.urandom(8), "big") & _RANDOM
    return UUID(int=(tick >> 12 & 0xFFFF_FFFF_FFFF) << 80 | _VERSION | (tick & 0xFFF) << 64 | _VARIANT | random)


def unix_ms_of(identity: UUID) -> int:
    """The Unix milliseconds in a UUID of version 7."""
    return identity.int >> 80


def first_id(unix_ms: int) -> UUID:
    """What no UUID of version 7 of this millisecond, or of a later one, is less than."""
    return UUID(int=max(0, min(unix_ms, 0xFFFF_FFFF_FFFF)) << 80)


def new_task_id() -> TaskId:
    """The id of a task that is about to be recorded."""
    return TaskId(uuid7())


def new_dataset_id() -> DatasetId:
    """The id of a dataset that is about to be recorded."""
    return DatasetId(uuid7())


def new_processor_id() -> ProcessorId:
    """The id of this run of a processor: a restarted one is another processor."""
    return ProcessorId(uuid7())
