"""Work that many ask for at once."""

from collections.abc import Sequence

import anyio
import pytest

from gateway.shared import Shared


class Work:
    """Doubles numbers, a turn at a time, when it may."""

    def __init__(self) -> None:
        self.turns: list[list[int]] = []
        self.began = anyio.Event()
        self.may = anyio.Event()

    async def do(self, items: Sequence[int]) -> Sequence[int]:
        self.turns.append(list(items))
        self.began.set()
        await self.may.wait()
        if -1 in items:
            raise ValueError("not this one")
        return [item * 2 for item in items]


async def test_who_comes_first_goes_alone_and_the_rest_together() -> None:
    work = Work()
    shared = Shared(work.do, most=50)
    answers: dict[int, int] = {}

    async def ask(item: int) -> None:
        answers[item] = await shared.take(item)

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        await work.began.wait()
        for item in range(1, 101):
            group.start_soon(ask, item)
        await anyio.wait_all_tasks_blocked()
        work.may.set()

    assert [len(turn) for turn in work.turns] == [1, 50, 50]
    assert answers == {item: item * 2 for item in range(101)}


async def test_a_turn_is_no_heavier_than_it_may_be_unless_one_alone_is() -> None:
    work = Work()
    work.may.set()
    shared = Shared(work.do, most=50, weigh=lambda item: item, most_weight=10)
    async with anyio.create_task_group() as group:
        for item in (0, 4, 6, 1, 30, 2, 9):
            group.start_soon(shared.take, item)

    assert work.turns == [[0], [4, 6], [1], [30], [2], [9]]


async def test_an_error_is_that_of_its_turn_alone() -> None:
    work = Work()
    shared = Shared(work.do, most=2)
    ends: list[object] = []

    async def ask(item: int) -> None:
        try:
            ends.append(await shared.take(item))
        except ValueError:
            ends.append("refused")

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        await work.began.wait()
        for item in (1, -1, 3):
            group.start_soon(ask, item)
        await anyio.wait_all_tasks_blocked()
        work.may.set()

    assert ends == [0, "refused", "refused", 6]
    assert await shared.take(4) == 8


@pytest.mark.parametrize("leaves", [0, 1, 2])
async def test_who_leaves_keeps_nobody_waiting(leaves: int) -> None:
    work = Work()
    shared = Shared(work.do, most=1)
    answers: list[int] = []
    scopes = [anyio.CancelScope() for _ in range(4)]

    async def ask(item: int) -> None:
        with scopes[item]:
            answers.append(await shared.take(item))

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        await work.began.wait()
        for item in (1, 2, 3):
            group.start_soon(ask, item)
        await anyio.wait_all_tasks_blocked()
        scopes[leaves].cancel()
        await anyio.wait_all_tasks_blocked()
        work.may.set()

    assert set(answers) >= {item * 2 for item in range(4) if item != leaves}
    assert await shared.take(9) == 18


async def test_two_that_must_be_apart_go_one_after_the_other_and_hold_up_nobody() -> None:
    work = Work()
    shared = Shared(work.do, most=4, apart=lambda item: item % 10 if item < 100 else None)
    answers: dict[int, int] = {}

    async def ask(item: int) -> None:
        answers[item] = await shared.take(item)

    async with anyio.create_task_group() as group:
        group.start_soon(ask, 0)
        await work.began.wait()
        for item in (1, 11, 21, 2, 100, 101, 12, 3):
            group.start_soon(ask, item)
        await anyio.wait_all_tasks_blocked()
        work.may.set()

    assert work.turns == [[0], [1, 2, 100, 101], [11, 12, 3], [21]]
    assert len(answers) == 9
