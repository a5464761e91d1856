"""The notifier against a real Postgres, and a listener that only listens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import asyncpg
import pytest
from pydantic import SecretStr

from common import notifier as module
from common.database import Pool, open_pool
from common.ids import uuid7
from common.notifier import Notifier
from common.settings import DatabaseSettings
from common.words import Channel
from helpers.database import Database, connected

NEVER_S = 1e6


class Heard:
    """What came on all channels, in order."""

    def __init__(self) -> None:
        self.hints: list[tuple[str, set[str]]] = []
        self._more = anyio.Event()

    def __call__(self, _connection: object, _pid: int, channel: str, payload: object) -> None:
        self.hints.append((channel, set(str(payload).split(","))))
        self._more.set()
        self._more = anyio.Event()

    async def until(self, count: int) -> list[tuple[str, set[str]]]:
        with anyio.fail_after(20):
            while len(self.hints) < count:
                await self._more.wait()
        return self.hints


@pytest.fixture
async def heard(database: Database) -> AsyncIterator[Heard]:
    heard = Heard()
    async with connected(database.dsn) as connection:
        for channel in Channel:
            await connection.add_listener(channel.value, heard)
        yield heard


@asynccontextmanager
async def pool_of(database: Database) -> AsyncIterator[Pool]:
    settings = DatabaseSettings(dsn=SecretStr(database.gateway_dsn), pool_size=1)
    async with open_pool(settings, service="test") as pool:
        yield pool


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with pool_of(database) as pool:
        yield pool


async def test_what_gathered_is_sent_together_each_word_once(pool: Pool, heard: Heard) -> None:
    notifier = Notifier(pool=pool)
    task = uuid7()
    for _ in range(3):
        notifier.feed_moved([task])
        notifier.work_arrived(["profile"])
        notifier.work_arrived(["noop", "profile"])
        notifier.cancel_asked([task])

    assert await notifier.flush() == 3
    assert sorted(await heard.until(3)) == [
        (Channel.CONTROL.value, {str(task)}),
        (Channel.FEED.value, {str(task)}),
        (Channel.WORK.value, {"noop", "profile"}),
    ]
    assert await notifier.flush() == 0


async def test_more_than_fits_into_one_payload_is_sent_in_several_at_once(pool: Pool, heard: Heard) -> None:
    notifier = Notifier(pool=pool)
    tasks = [uuid7() for _ in range(1000)]
    notifier.feed_moved(tasks)

    assert await notifier.flush() == 5
    hints = await heard.until(5)
    assert set[str]().union(*(words for _, words in hints)) == {str(task) for task in tasks}


async def test_the_first_hint_is_sent_at_once_and_those_after_it_gather(
    pool: Pool, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COALESCE_S", NEVER_S)
    async with Notifier(pool=pool) as notifier:
        notifier.work_arrived(["first"])
        await heard.until(1)  # though the time to gather never ends
        notifier.work_arrived(["second"])
        notifier.work_arrived(["third"])
        await anyio.wait_all_tasks_blocked()
        assert len(heard.hints) == 1
    # At the end nobody is left waiting. The first may be among them again, if the answer to it had not come yet.
    (_, first), (_, rest) = await heard.until(2)
    assert (first, rest - first) == ({"first"}, {"second", "third"})


async def test_a_hint_that_was_being_sent_when_it_was_stopped_is_sent_at_the_end(pool: Pool, heard: Heard) -> None:
    async with Notifier(pool=pool) as notifier, pool.acquire():  # the only connection
        notifier.work_arrived(["profile"])
        await anyio.wait_all_tasks_blocked()
        notifier.stop()

    assert await heard.until(1) == [(Channel.WORK.value, {"profile"})]


async def test_hints_that_postgres_refuses_are_dropped_and_counted(pool: Pool, heard: Heard) -> None:
    notifier = Notifier(pool=pool)
    notifier.work_arrived(["x" * 9000])
    await notifier.flush()
    notifier.work_arrived(["profile"])
    await notifier.flush()

    assert notifier.dropped == 1
    assert await heard.until(1) == [(Channel.WORK.value, {"profile"})]


async def test_hints_that_cannot_be_sent_are_dropped_and_counted(
    caplog: pytest.LogCaptureFixture, database: Database
) -> None:
    nowhere = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0)
    async with nowhere as pool:
        notifier = Notifier(pool=pool)
        notifier.work_arrived(["profile"])
        notifier.feed_moved([uuid7()])
        await notifier.flush()

    assert notifier.dropped == 2
    assert [record.__dict__["count"] for record in caplog.records] == [2]


async def test_a_notifier_goes_on_after_postgres_was_away(database: Database, heard: Heard) -> None:
    async with pool_of(database) as pool, Notifier(pool=pool) as notifier:
        async with connected(database.dsn) as owner:
            await owner.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sundog_gateway'"
                " AND datname = current_database()"
            )
        with anyio.fail_after(20):
            while not heard.hints:
                notifier.work_arrived(["profile"])
                await anyio.sleep(module.COALESCE_S)
        assert heard.hints[0] == (Channel.WORK.value, {"profile"})


async def test_a_silent_one_sends_nothing(pool: Pool) -> None:
    notifier = Notifier(pool=pool, is_silent=True)
    notifier.work_arrived(["profile"])

    assert await notifier.flush() == 0
