"""A machine on which attempts fail is in doubt until something goes well."""

import random

import pytest

from processor.claim import Crashed, Ended, Ending, Failed, Report, Succeeded
from processor.machine import Machine

FAILED = Failed(error={"code": "machine_failed"}, permanent=False, by_machine=True)
TOLD = Failed(error={"code": "machine_failed"}, permanent=False)
WELL = Succeeded(envelope="{}")
MOST_S = 60


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def machine(clock: Clock) -> Machine:
    return Machine(first_s=1, most_s=MOST_S, clock=clock, rng=random.Random(1))


def test_one_failure_after_something_that_went_well_is_no_reason_to_doubt(machine: Machine) -> None:
    for report in (FAILED, WELL, FAILED, Failed(error={}, permanent=True), FAILED):
        machine.hear(report)

    assert not machine.is_in_doubt
    assert machine.places(8) == 8


def test_in_doubt_it_claims_one_at_a_time_after_a_pause_that_grows(machine: Machine, clock: Clock) -> None:
    machine.hear(FAILED)
    pauses = []
    for _ in range(10):
        machine.hear(FAILED)
        failed_at = clock.now
        while not machine.places(8):
            clock.now += 0.125
        pauses.append(clock.now - failed_at)
        assert (machine.is_in_doubt, machine.places(8), machine.places(0)) == (True, 1, 0)

    assert pauses[0] <= 1.125
    assert all(2 ** (number - 1) <= pause <= 2**number + 0.125 for number, pause in enumerate(pauses[:6]))
    assert max(pauses) <= MOST_S + 0.125


@pytest.mark.parametrize("report", [TOLD, Crashed(how="crashed"), Ended(reason=Ending.CANCELLED)])
def test_what_says_nothing_about_the_machine_changes_nothing(machine: Machine, report: Report) -> None:
    for each in (FAILED, report, FAILED):
        machine.hear(each)
    assert machine.is_in_doubt
    machine.hear(report)
    assert machine.is_in_doubt


def test_what_a_child_says_of_the_machine_is_no_reason_to_doubt(machine: Machine) -> None:
    for _ in range(10):
        machine.hear(TOLD)

    assert not machine.is_in_doubt


def test_what_goes_well_ends_the_doubt_and_the_pause(machine: Machine) -> None:
    for report in (FAILED, FAILED, FAILED, WELL):
        machine.hear(report)

    assert machine.places(8) == 8
