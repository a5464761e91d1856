"""Decides what becomes of a task after an attempt. A decision is a value; nothing is written here.

report of the attempt         next state      counts as          event
─────────────────────         ──────────      ─────────          ─────
succeeded                     succeeded                          succeeded
failed, permanent             failed          failure            failed
failed, may pass              queued, later   failure            retrying   (failed after max_attempts)
  by a machine in doubt       queued, later   nothing            retrying   see machine.py
out of memory                 queued, at once failure            retrying   in low-memory mode, once
timed out, out of disk        failed          failure            failed     the same would happen again
too many files or threads     failed          failure            failed     the same would happen again
refused by Postgres           failed          failure            failed     what was told or found cannot be stored
crashed                       queued, later   failure and crash  retrying   (failed, quarantined, after max_crashes)
cancelled                     cancelled                          cancelled
interrupted                   queued, at once nothing            retrying   handed back by a processor that stops
lease lost                    nothing is written: the task is somebody else's

Whatever would go back into the queue is cancelled instead if somebody asked for that while it ran: settle_attempts.sql
sees to it, since only the task's locked row tells.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias, assert_never

from common.backoff import backoff
from common.words import AttemptOutcome, EventType, TaskState
from processor.claim import Artifact, AttemptReport, Claim, Crashed, Ended, Ending, Failed, Succeeded
from processor.settings import ProcessorSettings

FAULT_OF_THE_ANALYSIS = "This is a fault of the analysis, not of your data; tell the operator the task's id."
UNBLAMED_ATTEMPTS = 1000  # nothing is tried for ever


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """When a failed attempt is followed by another."""

    first_s: float
    most_s: float
    max_crashes: int

    @classmethod
    def from_settings(cls, settings: ProcessorSettings) -> Self:
        """As the operator wants it."""
        return cls(first_s=settings.retry_first_s, most_s=settings.retry_most_s, max_crashes=settings.max_crashes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What is to be written about an attempt that has ended."""

    state: TaskState
    outcome: AttemptOutcome
    event: EventType
    error: Mapping[str, Any] | None = None
    envelope: str | None = None
    artifacts: tuple[Artifact, ...] = ()
    delay_s: float = 0.0
    is_failure: bool = False
    is_crash: bool = False


def settle(
    ended: AttemptReport,
    *,
    policy: RetryPolicy,
    machine_in_doubt: bool = False,
    rng: random.Random | None = None,
) -> Settlement | None:
    """What becomes of the task; None if nothing may be written, since the lease is lost."""
    claim = ended.claim
    match ended.report:
        case Succeeded(envelope=envelope, artifacts=artifacts):
            return Settlement(
                state=TaskState.SUCCEEDED,
                outcome=AttemptOutcome.SUCCEEDED,
                event=EventType.SUCCEEDED,
                envelope=envelope,
                artifacts=artifacts,
            )
        case Failed(error=error, permanent=True):
            return _fail(AttemptOutcome.FAILED, error)
        case Failed(error=error, by_machine=True) if machine_in_doubt and claim.attempt <= UNBLAMED_ATTEMPTS:
            delay = backoff(1, first=policy.first_s, most=policy.most_s, rng=rng)  # for other machines
            return _requeue(AttemptOutcome.FAILED, error, delay_s=delay)
        case Failed(error=error):
            return _retry(claim, AttemptOutcome.FAILED, error, policy=policy, rng=rng)
        case Crashed(how=how):
            return _after_crash(claim, how, policy=policy, rng=rng)
        case Ended(reason=reason, limit=limit):
            return _after_ending(claim, reason, limit=limit)
        case unknown:
            assert_never(unknown)


def unwritable() -> Settlement:
    """What becomes of a task whose report Postgres does not take."""
    message = "The result cannot be stored: it holds what the database refuses."
    return _fail(AttemptOutcome.FAILED, _error("result_unwritable", message, FAULT_OF_THE_ANALYSIS))


def _after_ending(claim: Claim, reason: Ending, *, limit: int) -> Settlement | None:
    match reason:
        case Ending.LEASE_LOST:
            return None
        case Ending.CANCELLED:
            return Settlement(state=TaskState.CANCELLED, outcome=AttemptOutcome.CANCELLED, event=EventType.CANCELLED)
        case Ending.INTERRUPTED:
            error = _error("interrupted", "The processor was stopped.", "Nothing to do: it is tried again.")
            return _requeue(AttemptOutcome.INTERRUPTED, error)
        case Ending.OUT_OF_MEMORY:
            return _after_out_of_memory(claim, limit=limit)
        case (
            Ending.TIMED_OUT
            | Ending.OUT_OF_DISK
            | Ending.TOO_MANY_FILES
            | Ending.TOO_MANY_THREADS
            | Ending.EVENT_REFUSED
        ):
            return _after_what_would_happen_again(reason, limit=limit)
        case unknown:
            assert_never(unknown)


Repeated: TypeAlias = Literal[
    Ending.TIMED_OUT, Ending.OUT_OF_DISK, Ending.TOO_MANY_FILES, Ending.TOO_MANY_THREADS, Ending.EVENT_REFUSED
]


def _after_what_would_happen_again(reason: Repeated, *, limit: int) -> Settlement:
    match reason:
        case Ending.TIMED_OUT:
            advice = "Submit it with a larger timeout_s, or with less data."
            return _fail(AttemptOutcome.TIMED_OUT, _error("timed_out", f"Needed more than {limit} s.", advice))
        case Ending.OUT_OF_DISK:
            advice = "Submit it with less data, or ask the operator for more scratch space."
            error = _error("out_of_disk", f"Needed more than {limit} MiB of disk.", advice)
            return _fail(AttemptOutcome.OUT_OF_DISK, error)
        case Ending.TOO_MANY_FILES:
            error = _error("too_many_files", f"Had more than {limit} files at once.", FAULT_OF_THE_ANALYSIS)
            return _fail(AttemptOutcome.FAILED, error)
        case Ending.TOO_MANY_THREADS:
            error = _error("too_many_threads", f"Started more than {limit} threads at once.", FAULT_OF_THE_ANALYSIS)
            return _fail(AttemptOutcome.FAILED, error)
        case Ending.EVENT_REFUSED:
            message = "The analysis told something that cannot be stored: the database refuses it."
            return _fail(AttemptOutcome.FAILED, _error("event_unwritable", message, FAULT_OF_THE_ANALYSIS))
        case unknown:
            assert_never(unknown)


def _after_out_of_memory(claim: Claim, *, limit: int) -> Settlement:
    message = f"Needed more than {limit} MiB of memory."
    if claim.low_memory or claim.failures + 1 >= claim.max_attempts:
        advice = "Submit it with a larger memory_mb, with fewer columns, or with less data."
        return _fail(AttemptOutcome.OUT_OF_MEMORY, _error("out_of_memory", message, advice))
    error = _error("out_of_memory", message, "Nothing to do: it is tried once more in low-memory mode.")
    return _requeue(AttemptOutcome.OUT_OF_MEMORY, error, is_failure=True)


def _after_crash(claim: Claim, how: str, *, policy: RetryPolicy, rng: random.Random | None) -> Settlement:
    if claim.crashes + 1 >= policy.max_crashes:
        message = f"The analysis crashed, or took its processor down, {claim.crashes + 1} times; now it {how}."
        advice = "It is not tried again by itself. See the outcomes of its attempts; retry it by hand."
        return _fail(AttemptOutcome.CRASHED, _error("quarantined", message, advice), is_crash=True)
    error = _error("crashed", f"The analysis {how}.", "Nothing to do: it is tried again.")
    return _retry(claim, AttemptOutcome.CRASHED, error, policy=policy, rng=rng, is_crash=True)


def _retry(
    claim: Claim,
    outcome: AttemptOutcome,
    error: Mapping[str, Any],
    *,
    policy: RetryPolicy,
    rng: random.Random | None,
    is_crash: bool = False,
) -> Settlement:
    failures = claim.failures + 1
    if failures >= claim.max_attempts:
        return _fail(outcome, error, is_crash=is_crash)
    delay = backoff(failures, first=policy.first_s, most=policy.most_s, rng=rng)
    return _requeue(outcome, error, delay_s=delay, is_failure=True, is_crash=is_crash)


def _requeue(
    outcome: AttemptOutcome,
    error: Mapping[str, Any],
    *,
    delay_s: float = 0.0,
    is_failure: bool = False,
    is_crash: bool = False,
) -> Settlement:
    return Settlement(
        state=TaskState.QUEUED,
        outcome=outcome,
        event=EventType.RETRYING,
        error=error,
        delay_s=delay_s,
        is_failure=is_failure,
        is_crash=is_crash,
    )


def _fail(outcome: AttemptOutcome, error: Mapping[str, Any], *, is_crash: bool = False) -> Settlement:
    return Settlement(
        state=TaskState.FAILED,
        outcome=outcome,
        event=EventType.FAILED,
        error=error,
        is_failure=True,
        is_crash=is_crash,
    )


def _error(code: str, message: str, advice: str) -> dict[str, str]:
    return {"code": code, "message": message, "advice": advice}
