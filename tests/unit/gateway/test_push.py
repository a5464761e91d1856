"""Running a send from outside, and letting a task go on with what is left of it."""

import asyncio
from collections.abc import Callable
from functools import partial

import anyio
import pytest

from gateway.push import Suspended, run_until_it_waits


class Pipe:
    """Something whose `send` waits while it is full, several times in a row."""

    def __init__(self, *, waits: int) -> None:
        self.gates = [asyncio.Event() for _ in range(waits)]
        self.steps: list[str] = []

    async def send(self) -> None:
        self.steps.append("began")
        try:
            for gate in self.gates:
                await gate.wait()
                self.steps.append("passed")
        except asyncio.CancelledError:
            self.steps.append("cancelled")
            raise
        self.steps.append("ended")


def left_of(pipe: Pipe) -> Suspended:
    rest = run_until_it_waits(pipe.send())
    assert rest is not None
    return rest


async def test_what_does_not_wait_runs_to_its_end_at_once() -> None:
    pipe = Pipe(waits=0)

    assert run_until_it_waits(pipe.send()) is None
    assert pipe.steps == ["began", "ended"]


async def test_what_waits_goes_on_in_the_task_that_awaits_the_rest() -> None:
    pipe = Pipe(waits=3)
    rest = left_of(pipe)
    assert pipe.steps == ["began"]

    async with anyio.create_task_group() as group:
        group.start_soon(awaited, rest)
        for gate in pipe.gates:
            passed = pipe.steps.count("passed")
            await anyio.lowlevel.checkpoint()
            gate.set()
            await until(partial(_more_than, passed, pipe))

    assert pipe.steps == ["began", "passed", "passed", "passed", "ended"]


async def test_what_it_waited_for_may_have_come_before_anybody_awaits_the_rest() -> None:
    pipe = Pipe(waits=1)
    rest = left_of(pipe)
    pipe.gates[0].set()
    await anyio.lowlevel.checkpoint()
    await rest

    assert pipe.steps == ["began", "passed", "ended"]


async def test_a_cancellation_goes_through() -> None:
    pipe = Pipe(waits=2)
    rest = left_of(pipe)
    with anyio.move_on_after(0) as scope:
        await rest

    assert scope.cancelled_caught
    assert pipe.steps == ["began", "cancelled"]


async def test_a_cancellation_goes_through_at_a_later_wait() -> None:
    pipe = Pipe(waits=2)
    rest = left_of(pipe)
    pipe.gates[0].set()
    with anyio.move_on_after(0.01) as scope:
        await rest

    assert scope.cancelled_caught
    assert pipe.steps == ["began", "passed", "cancelled"]


async def test_it_may_end_in_spite_of_a_cancellation() -> None:
    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return

    rest = run_until_it_waits(stubborn())
    assert rest is not None
    with anyio.move_on_after(0):
        await rest


async def test_an_error_before_it_waits_comes_out_at_once() -> None:
    async def broken() -> None:
        raise LookupError("at once")

    with pytest.raises(LookupError, match="at once"):
        run_until_it_waits(broken())


async def test_an_error_after_it_waited_comes_out_of_the_rest() -> None:
    gate = asyncio.Event()

    async def broken() -> None:
        await gate.wait()
        raise LookupError("later")

    rest = run_until_it_waits(broken())
    assert rest is not None
    gate.set()
    with pytest.raises(LookupError, match="later"):
        await rest


async def test_an_error_of_what_it_waited_for_goes_in() -> None:
    caught: list[BaseException] = []
    waited: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def careful() -> None:
        try:
            await waited
        except LookupError as error:
            caught.append(error)

    rest = run_until_it_waits(careful())
    assert rest is not None
    waited.set_exception(LookupError("of the future"))
    await rest

    assert str(caught[0]) == "of the future"


async def test_a_bare_yield_to_the_loop_is_a_wait_too() -> None:
    steps: list[int] = []

    async def polite() -> None:
        for step in range(3):
            steps.append(step)
            await asyncio.sleep(0)

    rest = run_until_it_waits(polite())
    assert steps == [0]
    assert rest is not None
    await rest
    assert steps == [0, 1, 2]


async def test_what_nobody_awaits_is_ended_by_closing_it() -> None:
    steps: list[str] = []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            steps.append("closed")

    rest = run_until_it_waits(endless())
    assert rest is not None
    rest.close()

    assert steps == ["closed"]


async def awaited(rest: Suspended) -> None:
    await rest


def _more_than(passed: int, pipe: Pipe) -> bool:
    return pipe.steps.count("passed") > passed


async def until(holds: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not holds():
            await anyio.lowlevel.checkpoint()
