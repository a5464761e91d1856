"""The room for large answers: who comes first goes first, and nobody has more than half of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import pytest

from gateway.answer_room import AnswerRoom, Place
from gateway.limit_errors import AnswersFullError


@asynccontextmanager
async def held(room: AnswerRoom, tenant: str, count: int, *, is_made: bool = False) -> AsyncIterator[None]:
    place = room.place(tenant)
    await place.take(count, is_made=is_made)
    try:
        yield
    finally:
        place.leave()


async def test_who_comes_first_goes_first_however_little_the_others_need() -> None:
    room, came = AnswerRoom(16), []
    first = room.place("a")
    await first.take(8, is_made=False)
    second = room.place("b")
    await second.take(4, is_made=False)

    async def come(tenant: str, count: int) -> None:
        async with held(room, tenant, count):
            came.append(tenant)

    async with anyio.create_task_group() as group:
        for tenant, count in (("c", 8), ("d", 1), ("e", 4)):
            group.start_soon(come, tenant, count)
            await anyio.wait_all_tasks_blocked()
        assert came == []  # though there were four
        first.leave()
    assert came == ["c", "d", "e"]


async def test_who_has_half_of_the_room_waits_for_their_own_and_holds_up_nobody() -> None:
    room, came = AnswerRoom(16, wait_s=60), anyio.Event()
    slow = room.place("slow")
    await slow.take(70, is_made=False)  # more than there is: half of it

    async def come_again() -> None:
        async with held(room, "slow", 1):
            came.set()

    async with anyio.create_task_group() as group:
        group.start_soon(come_again)
        await anyio.wait_all_tasks_blocked()
        async with held(room, "another", 8):
            await anyio.wait_all_tasks_blocked()
            assert not came.is_set()
        slow.leave()
    assert came.is_set()


async def test_who_waits_for_room_too_long_is_told_to_come_again_and_leaves_the_line() -> None:
    room = AnswerRoom(16, wait_s=0)
    async with held(room, "a", 8):
        with pytest.raises(AnswersFullError):
            async with held(room, "a", 8):
                pass
        async with held(room, "b", 7):
            pass
    async with held(room, "a", 8):
        pass


async def test_who_leaves_the_line_lets_those_behind_in() -> None:
    room, came = AnswerRoom(16, wait_s=60), anyio.Event()

    async def come() -> None:
        async with held(room, "d", 1):
            came.set()

    async def wait() -> None:
        await room.place("c").take(8, is_made=False)

    async with held(room, "a", 8), held(room, "b", 4), anyio.create_task_group() as group:
        async with anyio.create_task_group() as waiting:
            waiting.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(come)
            await anyio.wait_all_tasks_blocked()
            assert not came.is_set()
            waiting.cancel_scope.cancel()
        with anyio.fail_after(10):
            await came.wait()


async def test_few_answers_wait_that_are_in_memory_already() -> None:
    room = AnswerRoom(16, wait_s=60)

    async def come() -> None:
        async with held(room, "a", 2, is_made=True):
            pass

    async with anyio.create_task_group() as group, held(room, "a", 8):
        group.start_soon(come)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(AnswersFullError):
            await room.place("a").take(1, is_made=True)


async def test_who_has_some_takes_only_what_is_missing() -> None:
    room = AnswerRoom(16, wait_s=0)
    place = room.place("a")
    await place.take(5, is_made=False)
    await place.take(7, is_made=True)
    async with held(room, "a", 1):
        pass
    with pytest.raises(AnswersFullError):
        await room.place("a").take(2, is_made=False)
    place.leave()
    place.leave()
    async with held(room, "a", 8), held(room, "b", 8):
        pass


async def test_who_needs_more_waits_with_nothing_in_hand() -> None:
    room, count = AnswerRoom(16, wait_s=60), 0
    places = [room.place("a") for _ in range(4)]
    for place in places:
        await place.take(2, is_made=False)

    async def go_on(place: Place) -> None:
        nonlocal count
        await place.take(5, is_made=False)
        count += 1
        place.leave()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for place in places:
                group.start_soon(go_on, place)
    assert count == len(places)
    async with held(room, "a", 8), held(room, "b", 8):
        pass
