"""Pages that several want, read once."""

import asyncio
from collections.abc import Sequence
from uuid import UUID, uuid4

import anyio
import pytest

from gateway.history import History
from gateway.wire import Event

TASK = uuid4()
PAGE = 10


class Table:
    """Where the events are: a story that has so many."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.reads: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def read(self, task: UUID, after: int) -> Sequence[Event]:
        assert task == TASK
        self.reads.append(after)
        await self.gate.wait()
        if self.error is not None:
            error, self.error = self.error, None
            raise error
        return [event(seq) for seq in range(after + 1, min(after + PAGE, self.last) + 1)]


def event(seq: int) -> Event:
    return Event(seq, "log", "2026-11-22T10:00:00.000000Z", "{}")


def seqs(page: Sequence[Event]) -> list[int]:
    return [each.seq for each in page]


async def test_who_comes_while_a_page_is_read_shares_it() -> None:
    table = Table(last=50)
    history = History(read=table.read)
    pages: list[Sequence[Event]] = []

    async def want() -> None:
        pages.append(await history.page(TASK, after=0))

    table.gate.clear()
    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(want)
        await anyio.wait_all_tasks_blocked()
        table.gate.set()

    assert table.reads == [0]
    assert len({id(page) for page in pages}) == 1
    assert seqs(pages[0]) == list(range(1, 11))


async def test_who_comes_a_moment_later_shares_it_until_it_is_forgotten() -> None:
    table = Table(last=50)
    history = History(read=table.read)

    first = await history.page(TASK, after=20)
    assert await history.page(TASK, after=20) is first
    history.forget()
    assert seqs(await history.page(TASK, after=20)) == seqs(first)
    assert table.reads == [20, 20]


async def test_when_a_read_fails_the_next_of_those_who_wait_reads() -> None:
    table = Table(last=50)
    history = History(read=table.read)
    outcomes: list[object] = []

    async def want() -> None:
        try:
            outcomes.append(seqs(await history.page(TASK, after=40)))
        except ConnectionError as error:
            outcomes.append(error)

    table.error = ConnectionError("postgres")
    table.gate.clear()
    async with anyio.create_task_group() as group:
        for _ in range(3):
            group.start_soon(want)
        await anyio.wait_all_tasks_blocked()
        table.gate.set()

    assert table.reads == [40, 40]
    assert [each for each in outcomes if each != list(range(41, 51))] == [outcomes[0]]
    assert isinstance(outcomes[0], ConnectionError)


async def test_that_there_was_nothing_is_not_kept() -> None:
    table = Table(last=0)
    history = History(read=table.read)
    assert await history.page(TASK, after=0) == []
    table.last = 1
    assert seqs(await history.page(TASK, after=0)) == [1]


@pytest.mark.parametrize("pages", [1, 2, 5])
async def test_what_is_kept_is_bounded_and_the_newest_of_it_stays(pages: int) -> None:
    table = Table(last=1000)
    bound = pages * PAGE * event(1).cost
    history = History(read=table.read, most_bytes=bound)
    for after in range(0, 1000, PAGE):
        await history.page(TASK, after=after)
        assert history.kept_bytes <= bound
    table.reads.clear()
    for after in reversed(range(0, 1000, PAGE)):
        await history.page(TASK, after=after)

    assert len(table.reads) == 100 - pages


async def test_a_page_larger_than_all_that_may_be_kept_is_given_and_not_kept() -> None:
    table = Table(last=50)
    history = History(read=table.read, most_bytes=1)

    assert seqs(await history.page(TASK, after=0)) == list(range(1, 11))
    assert history.kept_bytes == 0
