"""The table at the top of processor/settlement.py, row by row."""

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.ids import new_task_id
from common.storage import Blob
from common.words import AttemptOutcome, EventType, TaskState
from processor.claim import Artifact, AttemptReport, Claim, Crashed, Ended, Ending, Failed, Report, Succeeded
from processor.settlement import UNBLAMED_ATTEMPTS, RetryPolicy, Settlement, settle, unwritable

POLICY = RetryPolicy(first_s=1, most_s=100, max_crashes=3)
ERROR = {"code": "machine_failed", "message": "No.", "advice": None}
MAY_PASS = Failed(error=ERROR, permanent=False)
BY_MACHINE = Failed(error=ERROR, permanent=False, by_machine=True)
CRASHED = Crashed(how="crashed (SIGSEGV)")


def a_claim(*, failures: int = 0, crashes: int = 0, max_attempts: int = 3, low_memory: bool = False) -> Claim:
    return Claim(
        task=new_task_id(),
        lease=1,
        attempt=1,
        seq=2,
        failures=failures,
        crashes=crashes,
        tenant="default",
        kind="noop",
        params={},
        inputs=(),
        timeout_s=60,
        memory_mb=300,
        max_attempts=max_attempts,
        low_memory=low_memory,
    )


def settled(report: Report, claim: Claim | None = None, *, seed: int = 0) -> Settlement:
    ended = AttemptReport(claim=claim or a_claim(), report=report)
    settlement = settle(ended, policy=POLICY, rng=random.Random(seed))
    assert settlement is not None
    return settlement


def code(settlement: Settlement) -> str:
    assert settlement.error is not None
    return str(settlement.error["code"])


def counts(settlement: Settlement) -> tuple[bool, bool]:
    """As a failure, as a crash."""
    return settlement.is_failure, settlement.is_crash


def test_a_success_keeps_what_was_made() -> None:
    made = Artifact(name="a", media_type="text/plain", blob=Blob(sha256="0" * 64, bytes=1))
    settlement = settled(Succeeded(envelope='{"data":1}', artifacts=(made,)))

    assert settlement == Settlement(
        state=TaskState.SUCCEEDED,
        outcome=AttemptOutcome.SUCCEEDED,
        event=EventType.SUCCEEDED,
        envelope='{"data":1}',
        artifacts=(made,),
    )


def test_a_permanent_failure_is_the_end() -> None:
    settlement = settled(Failed(error=ERROR, permanent=True), a_claim(max_attempts=10))

    assert (settlement.state, settlement.outcome, settlement.event) == (
        TaskState.FAILED,
        AttemptOutcome.FAILED,
        EventType.FAILED,
    )
    assert settlement.error == ERROR
    assert counts(settlement) == (True, False)


def test_a_failure_that_may_pass_is_tried_again_later() -> None:
    settlement = settled(MAY_PASS)

    assert (settlement.state, settlement.outcome, settlement.event) == (
        TaskState.QUEUED,
        AttemptOutcome.FAILED,
        EventType.RETRYING,
    )
    assert settlement.error == ERROR
    assert counts(settlement) == (True, False)
    assert settlement.delay_s > 0


def test_what_fails_on_a_machine_in_doubt_is_not_blamed_but_not_tried_for_ever() -> None:
    def in_doubt(claim: Claim, report: Report = BY_MACHINE) -> Settlement:
        settlement = settle(AttemptReport(claim=claim, report=report), policy=POLICY, machine_in_doubt=True)
        assert settlement is not None
        return settlement

    last = a_claim(failures=2, max_attempts=3)
    innocent = in_doubt(last)
    old = in_doubt(replace(last, attempt=UNBLAMED_ATTEMPTS + 1))

    assert (innocent.state, innocent.outcome, innocent.error) == (TaskState.QUEUED, AttemptOutcome.FAILED, ERROR)
    assert (counts(innocent), innocent.delay_s > 0) == ((False, False), True)
    assert (old.state, counts(old)) == (TaskState.FAILED, (True, False))
    for other in (CRASHED, MAY_PASS):
        assert in_doubt(last, other).state is TaskState.FAILED


@pytest.mark.parametrize("report", [MAY_PASS, CRASHED, Ended(reason=Ending.OUT_OF_MEMORY, limit=300)])
@pytest.mark.parametrize("max_attempts", [1, 2, 5])
def test_the_last_attempt_that_may_be_made_is_the_end(report: Report, max_attempts: int) -> None:
    settlement = settled(report, a_claim(failures=max_attempts - 1, max_attempts=max_attempts))

    assert (settlement.state, settlement.event) == (TaskState.FAILED, EventType.FAILED)
    assert settlement.is_failure


@given(failures=st.integers(0, 8), seed=st.integers(0, 1000))
def test_the_delay_grows_with_the_failures_up_to_its_most(failures: int, seed: int) -> None:
    settlement = settled(MAY_PASS, a_claim(failures=failures, max_attempts=10), seed=seed)
    ceiling = min(2.0**failures, POLICY.most_s)

    assert ceiling / 2 <= settlement.delay_s <= ceiling


def test_out_of_memory_is_tried_once_more_at_once() -> None:
    settlement = settled(Ended(reason=Ending.OUT_OF_MEMORY, limit=300))

    assert (settlement.state, settlement.outcome) == (TaskState.QUEUED, AttemptOutcome.OUT_OF_MEMORY)
    assert (settlement.delay_s, counts(settlement)) == (0.0, (True, False))
    assert settlement.error is not None
    assert "300 MiB" in settlement.error["message"]
    assert "low-memory mode" in settlement.error["advice"]


def test_out_of_memory_in_low_memory_mode_is_the_end() -> None:
    settlement = settled(Ended(reason=Ending.OUT_OF_MEMORY, limit=300), a_claim(low_memory=True, max_attempts=10))

    assert (settlement.state, code(settlement)) == (TaskState.FAILED, "out_of_memory")


@pytest.mark.parametrize(
    ("reason", "outcome", "limit"),
    [
        (Ending.TIMED_OUT, AttemptOutcome.TIMED_OUT, "60 s"),
        (Ending.OUT_OF_DISK, AttemptOutcome.OUT_OF_DISK, "60 MiB"),
    ],
)
def test_a_limit_that_would_be_hit_again_is_the_end(reason: Ending, outcome: AttemptOutcome, limit: str) -> None:
    settlement = settled(Ended(reason=reason, limit=60), a_claim(max_attempts=10))

    assert (settlement.state, settlement.outcome, code(settlement)) == (TaskState.FAILED, outcome, outcome.value)
    assert settlement.error is not None
    assert limit in settlement.error["message"]
    assert settlement.error["advice"]
    assert counts(settlement) == (True, False)


def test_a_crash_is_tried_again_later_and_counts_twice_over() -> None:
    settlement = settled(CRASHED)

    assert (settlement.state, settlement.outcome, code(settlement)) == (
        TaskState.QUEUED,
        AttemptOutcome.CRASHED,
        "crashed",
    )
    assert counts(settlement) == (True, True)
    assert settlement.delay_s > 0


def test_too_many_crashes_end_in_quarantine_whatever_attempts_are_left() -> None:
    settlement = settled(CRASHED, a_claim(crashes=POLICY.max_crashes - 1, max_attempts=10))

    assert (settlement.state, settlement.outcome, code(settlement)) == (
        TaskState.FAILED,
        AttemptOutcome.CRASHED,
        "quarantined",
    )
    assert counts(settlement) == (True, True)
    assert settlement.error is not None
    assert "3 times" in settlement.error["message"]


def test_a_cancelled_attempt_is_no_failure() -> None:
    settlement = settled(Ended(reason=Ending.CANCELLED))

    assert settlement == Settlement(
        state=TaskState.CANCELLED, outcome=AttemptOutcome.CANCELLED, event=EventType.CANCELLED
    )


def test_an_interrupted_attempt_goes_back_at_once_and_counts_against_nothing() -> None:
    settlement = settled(Ended(reason=Ending.INTERRUPTED), a_claim(failures=2, max_attempts=3))

    assert (settlement.state, settlement.outcome, settlement.event) == (
        TaskState.QUEUED,
        AttemptOutcome.INTERRUPTED,
        EventType.RETRYING,
    )
    assert (settlement.delay_s, counts(settlement)) == (0.0, (False, False))


def test_what_the_database_refuses_is_the_fault_of_the_analysis_and_the_end() -> None:
    event = settled(Ended(reason=Ending.EVENT_REFUSED), a_claim(max_attempts=10))

    assert (code(event), code(unwritable())) == ("event_unwritable", "result_unwritable")
    for settlement in (event, unwritable()):
        assert (settlement.state, settlement.outcome) == (TaskState.FAILED, AttemptOutcome.FAILED)
        assert counts(settlement) == (True, False)


@pytest.mark.parametrize(
    ("reason", "expected", "words"),
    [
        (Ending.TOO_MANY_THREADS, "too_many_threads", "2048 threads"),
        (Ending.TOO_MANY_FILES, "too_many_files", "2048 files"),
    ],
)
def test_too_many_threads_or_files_are_the_fault_of_the_analysis_and_the_end(
    reason: Ending, expected: str, words: str
) -> None:
    settlement = settled(Ended(reason=reason, limit=2048), a_claim(max_attempts=10))

    assert (settlement.state, settlement.outcome, code(settlement)) == (
        TaskState.FAILED,
        AttemptOutcome.FAILED,
        expected,
    )
    assert settlement.error is not None
    assert words in settlement.error["message"]
    assert counts(settlement) == (True, False)


def test_of_a_lost_lease_nothing_is_written() -> None:
    ended = AttemptReport(claim=a_claim(), report=Ended(reason=Ending.LEASE_LOST))

    assert settle(ended, policy=POLICY) is None


@given(
    report=st.one_of(
        st.sampled_from([Succeeded(envelope="{}"), MAY_PASS, BY_MACHINE, Failed(error=ERROR, permanent=True), CRASHED]),
        st.sampled_from([reason for reason in Ending if reason is not Ending.LEASE_LOST]).map(
            lambda reason: Ended(reason=reason, limit=1)
        ),
    ),
    failures=st.integers(0, 5),
    crashes=st.integers(0, 5),
    more=st.integers(1, 5),
    low_memory=st.booleans(),
)
def test_every_settlement_holds_what_the_schema_demands(
    report: Report, failures: int, crashes: int, more: int, *, low_memory: bool
) -> None:
    claim = a_claim(failures=failures, crashes=crashes, max_attempts=failures + more, low_memory=low_memory)
    settlement = settled(report, claim)

    assert settlement.state is not TaskState.RUNNING
    assert (settlement.event is EventType.RETRYING) == (settlement.state is TaskState.QUEUED)
    if settlement.state is not TaskState.QUEUED:
        assert settlement.event.value == settlement.state.value
        assert settlement.delay_s == 0
    assert (settlement.state is TaskState.FAILED) <= (settlement.error is not None)
    assert (settlement.envelope is not None) == (settlement.state is TaskState.SUCCEEDED)
    assert settlement.is_crash <= settlement.is_failure
