"""The contract of common/lifecycle.py, on services that do nothing but keep or break it."""

import anyio
import pytest
from anyio.abc import TaskStatus

from common.lifecycle import Periodic, Service, Wakeup

NO_TIME = 1e-9
FOR_EVER = 1e6


class Recorder(Service):
    """Notes what happens to it.

    Args:
        start_error: what its start fails with.
    """

    def __init__(self, *, start_error: Exception | None = None) -> None:
        super().__init__()
        self.story: list[str] = []
        self.break_down = anyio.Event()
        self._start_error = start_error

    async def run(self, *, ready: TaskStatus[None]) -> None:
        self.story.append("started")
        try:
            if self._start_error is not None:
                raise self._start_error
            ready.started()
            await self.break_down.wait()
            raise OSError("broken")
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()  # leaving the block waits for this, too
                self.story.append("gone")


async def test_started_means_ready_and_left_means_gone() -> None:
    service = Recorder()
    async with service as entered:
        assert entered is service
        assert service.story == ["started"]
    assert service.story == ["started", "gone"]


async def test_a_stop_before_the_start_does_no_harm() -> None:
    service = Recorder()
    service.stop()
    async with service:
        await anyio.lowlevel.checkpoint()
        assert service.story == ["started"]
    assert service.story == ["started", "gone"]


async def test_it_may_be_stopped_any_number_of_times_by_anybody() -> None:
    service = Recorder()
    async with service, anyio.create_task_group() as group:
        for _ in range(3):
            service.stop()
            group.start_soon(anyio.to_thread.run_sync, lambda: None)
    service.stop()
    assert service.story == ["started", "gone"]


async def test_a_stop_from_inside_the_block_lets_the_block_go_on_to_its_next_wait() -> None:
    service = Recorder()
    went_on = False
    async with service:
        service.stop()
        went_on = True
    assert went_on


async def test_a_start_that_fails_tells_its_own_error_and_leaves_nothing() -> None:
    service = Recorder(start_error=ValueError("no such folder"))
    with pytest.raises(ValueError, match="no such folder"):
        async with service:
            raise AssertionError("it was never ready")
    service.stop()
    assert service.story == ["started", "gone"]


async def test_an_error_inside_ends_the_block_it_stands_in() -> None:
    service = Recorder()
    with pytest.RaisesGroup(pytest.RaisesExc(OSError, match="broken")):
        async with service:
            service.break_down.set()
            await anyio.sleep_forever()
    assert service.story == ["started", "gone"]


async def test_an_error_of_the_block_stops_the_service() -> None:
    service = Recorder()
    with pytest.RaisesGroup(pytest.RaisesExc(KeyError)):
        async with service:
            raise KeyError("of the block")
    assert service.story == ["started", "gone"]


async def test_a_cancelled_block_stops_the_service() -> None:
    service = Recorder()
    with anyio.CancelScope() as scope:
        async with service:
            scope.cancel()
            await anyio.sleep_forever()
    assert service.story == ["started", "gone"]


async def test_a_start_that_is_cancelled_leaves_nothing() -> None:
    class Slow(Recorder):
        async def run(self, *, ready: TaskStatus[None]) -> None:
            self.story.append("started")
            try:
                await self.break_down.wait()
                ready.started()
            finally:
                self.story.append("gone")

    service = Slow()

    async def start() -> None:
        async with service:
            raise AssertionError("it was never ready")

    async with anyio.create_task_group() as group:
        group.start_soon(start)
        await anyio.wait_all_tasks_blocked()
        group.cancel_scope.cancel()
    assert service.story == ["started", "gone"]


async def test_services_stop_in_the_opposite_order() -> None:
    order: list[str] = []

    class Named(Recorder):
        async def run(self, *, ready: TaskStatus[None]) -> None:
            try:
                await super().run(ready=ready)
            finally:
                order.append(type(self).__name__)

    class First(Named):
        pass

    class Second(Named):
        pass

    async with First(), Second():
        pass
    assert order == ["Second", "First"]


# The bell


async def test_a_ring_before_the_wait_is_not_lost_and_two_are_one() -> None:
    bell = Wakeup()
    bell.ring()
    bell.ring()
    assert await bell.wait(at_most=FOR_EVER)
    assert not await bell.wait(at_most=NO_TIME)


async def test_a_wait_ends_with_a_ring() -> None:
    bell = Wakeup()
    async with anyio.create_task_group() as group:
        group.start_soon(bell.wait)
        await anyio.wait_all_tasks_blocked()
        bell.ring()


# Rounds


class Rounds(Periodic):
    """Counts its rounds; those whose number is in `failing` fail."""

    def __init__(self, *, interval: float = FOR_EVER, failing: frozenset[int] = frozenset()) -> None:
        super().__init__(interval=interval)
        self.rounds = 0
        self._failing = failing
        self._done = anyio.Event()

    async def run_once(self) -> int:
        self.rounds += 1
        self._done.set()
        self._done = anyio.Event()
        if self.rounds in self._failing:
            raise OSError("Postgres is away")
        return self.rounds

    async def until(self, rounds: int) -> None:
        with anyio.fail_after(20):
            while self.rounds < rounds:
                await self._done.wait()


async def test_the_first_round_is_at_the_start_and_the_next_when_the_bell_is_rung() -> None:
    async with Rounds() as service:
        await service.until(1)
        await anyio.wait_all_tasks_blocked()
        assert service.rounds == 1
        service.wakeup.ring()
        await service.until(2)


async def test_without_a_ring_a_round_follows_after_the_interval() -> None:
    async with Rounds(interval=NO_TIME) as service:
        await service.until(5)


async def test_a_round_that_fails_is_followed_by_others(caplog: pytest.LogCaptureFixture) -> None:
    async with Rounds(interval=NO_TIME, failing=frozenset({1, 2})) as service:
        await service.until(4)
    said = [record.__dict__["count"] for record in caplog.records if record.name == "common.lifecycle"]
    assert said == [1, 2]


async def test_a_ring_during_a_round_is_answered_by_another_round() -> None:
    class RingsItself(Rounds):
        async def run_once(self) -> int:
            if self.rounds < 3:
                self.wakeup.ring()
            return await super().run_once()

    async with RingsItself() as service:
        await service.until(4)
        await anyio.wait_all_tasks_blocked()
        assert service.rounds == 4
