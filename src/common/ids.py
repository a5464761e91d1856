"""Identifiers: UUIDs of version 7, which sort by the time they were made, so that an index on them is appended to."""

import os
import time
from typing import NewType
from uuid import UUID

TaskId = NewType("TaskId", UUID)
DatasetId = NewType("DatasetId", UUID)
ProcessorId = NewType("ProcessorId", UUID)


def uuid7(*, unix_ms: int | None = None) -> UUID:
    """A new UUID of version 7 (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits.

    Args:
        unix_ms: the time to write into it; None for now.
    """
    moment = time.time_ns() // 1_000_000 if unix_ms is None else unix_ms
    random = int.from_bytes(os.urandom(10), "big")
    value = (moment & 0xFFFF_FFFF_FFFF) << 80 | random
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def new_task_id() -> TaskId:
    """The id of a task that is about to be recorded."""
    return TaskId(uuid7())


def new_dataset_id() -> DatasetId:
    """The id of a dataset that is about to be recorded."""
    return DatasetId(uuid7())


def new_processor_id() -> ProcessorId:
    """The id of this run of a processor: a restarted one is another processor."""
    return ProcessorId(uuid7())
