"""A claimed task, as the processor holds it, and how its attempt ended: plain values."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

import asyncpg

from common.ids import TaskId
from common.storage import Blob


class Ending(StrEnum):
    """Why somebody other than the child ends an attempt. The first reason given wins."""

    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    OUT_OF_DISK = "out_of_disk"
    TOO_MANY_FILES = "too_many_files"
    TOO_MANY_THREADS = "too_many_threads"
    LEASE_LOST = "lease_lost"
    INTERRUPTED = "interrupted"
    EVENT_REFUSED = "event_refused"


class Hold(NamedTuple):
    """What names one attempt in every write: a processor may have two of a task, one by a lease that is lost."""

    task: TaskId
    lease: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A task that this processor has the lease of.

    Attributes:
        lease: the fencing token; stands on every write about the task.
        attempt: the number of this attempt, from 1.
        seq: the number of its first event, `started`; this processor numbers the feed on from there.
        failures: attempts so far that count against `max_attempts`.
        crashes: attempts so far that crashed or were lost.
        low_memory: an attempt ran out of memory, since the task was asked for, or asked for again by hand.
    """

    task: TaskId
    lease: int
    attempt: int
    seq: int
    failures: int
    crashes: int
    tenant: str
    kind: str
    params: Mapping[str, Any]
    inputs: tuple[Mapping[str, Any], ...]
    timeout_s: int
    memory_mb: int
    max_attempts: int
    low_memory: bool

    @property
    def hold(self) -> Hold:
        """What its writes are matched by."""
        return Hold(self.task, self.lease)

    @classmethod
    def from_row(cls, row: asyncpg.Record) -> "Claim":
        """A row of claim_tasks.sql."""
        return cls(
            task=TaskId(row["id"]),
            lease=row["lease"],
            attempt=row["attempts"],
            seq=row["last_seq"],
            failures=row["failures"],
            crashes=row["crashes"],
            tenant=row["tenant"],
            kind=row["kind"],
            params=json.loads(row["params"]),
            inputs=tuple(json.loads(row["inputs"])),
            timeout_s=row["timeout_s"],
            memory_mb=row["memory_mb"],
            max_attempts=row["max_attempts"],
            low_memory=bool(row["low_memory"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """A file that an analysis made, in the storage already."""

    name: str
    media_type: str
    blob: Blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The child gave a result; its envelope is JSON that Postgres has not judged yet."""

    envelope: str
    artifacts: tuple[Artifact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Something said why it cannot.

    Attributes:
        permanent: trying again would end the same way.
        by_machine: it is this machine that failed, as its processor saw for itself: no task is to blame.
    """

    error: Mapping[str, Any]
    permanent: bool
    by_machine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Crashed:
    """The child ended without a word, or said something that is no message."""

    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The supervisor ended it; `limit` is the limit that was hit, in the unit of its setting."""

    reason: Ending
    limit: int = 0


Report = Succeeded | Failed | Crashed | Ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an attempt cost: the most resident memory that was seen, and processor time."""

    peak_memory_bytes: int = 0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptReport:
    """All there is to know about an attempt that has ended."""

    claim: Claim
    report: Report
    usage: Usage = field(default_factory=Usage)
