"""What every service keeps: started means ready, stopped means gone."""

from typing import Any

import anyio
import pytest
from anyio.abc import TaskStatus

from common.lifecycle import Periodic, Service, Wakeup


class Ticking(Service):
    """Counts how often it ran and ended."""

    def __init__(self) -> None:
        super().__init__()
        self.started = 0
        self.ended = 0

    async def run(self, *, ready: TaskStatus[None]) -> None:
        self.started += 1
        ready.started()
        try:
            await anyio.sleep_forever()
        finally:
            self.ended += 1


class Failing(Service):
    """Fails before or after it is ready."""

    def __init__(self, *, is_ready_first: bool) -> None:
        super().__init__()
        self._is_ready_first = is_ready_first

    async def run(self, *, ready: TaskStatus[None]) -> None:
        if self._is_ready_first:
            ready.started()
        raise LookupError("cannot work")


class Rounds(Periodic):
    """Does what it is given, round by round, and says when a round begins."""

    def __init__(self, *outcomes: Any) -> None:
        super().__init__(interval=1000)
        self.outcomes = list(outcomes)
        self.done = anyio.Event()

    async def run_once(self) -> None:
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.done.set()
        if isinstance(outcome, Exception):
            raise outcome


async def test_entered_means_ready_and_left_means_ended() -> None:
    service = Ticking()
    async with service:
        assert (service.started, service.ended) == (1, 0)
    assert (service.started, service.ended) == (1, 1)


async def test_it_may_be_stopped_any_number_of_times_and_before_it_started() -> None:
    service = Ticking()
    service.stop()
    async with service:
        service.stop()
        service.stop()
    service.stop()

    assert service.ended == 1


async def test_it_may_run_again() -> None:
    service = Ticking()
    for _ in range(2):
        async with service:
            pass

    assert (service.started, service.ended) == (2, 2)


async def test_it_ends_also_when_its_block_fails() -> None:
    service = Ticking()
    with pytest.raises(ExceptionGroup) as failed:
        async with service:
            raise LookupError("of the block")

    assert failed.group_contains(LookupError, match="of the block")
    assert service.ended == 1


async def test_why_it_did_not_start_is_told_as_it_is() -> None:
    with pytest.raises(LookupError, match="cannot work"):
        async with Failing(is_ready_first=False):
            pytest.fail("it is not ready")


async def test_an_error_that_it_does_not_handle_ends_its_block() -> None:
    with pytest.raises(ExceptionGroup) as failed:
        async with Failing(is_ready_first=True):
            await anyio.sleep_forever()

    assert failed.group_contains(LookupError)


async def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    class Slow(Ticking):
        async def run(self, *, ready: TaskStatus[None]) -> None:
            try:
                await anyio.sleep_forever()
                ready.started()
            finally:
                self.ended += 1

    service = Slow()
    with anyio.move_on_after(0.01) as scope:
        async with service:
            pytest.fail("it is not ready")

    assert scope.cancelled_caught
    assert service.ended == 1


async def test_a_bell_that_was_rung_before_is_heard_once() -> None:
    bell = Wakeup()
    bell.ring()
    bell.ring()

    assert await bell.wait(at_most=0)
    assert not await bell.wait(at_most=0)


async def test_rounds_go_on_after_an_error_and_at_a_ring() -> None:
    rounds = Rounds(ValueError("once"), None, None)
    async with rounds:
        rounds.wakeup.ring()
        rounds.wakeup.ring()
        with anyio.fail_after(20):
            while rounds.outcomes:
                rounds.wakeup.ring()
                await anyio.lowlevel.checkpoint()
            await rounds.done.wait()
