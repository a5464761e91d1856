"""What retention and the sweeper remove, and what they leave, as the processors' role on a real Postgres."""

import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from pydantic import SecretStr

from common.database import Pool, open_pool
from common.ids import uuid7
from common.queries import load_query
from common.settings import DatabaseSettings
from common.storage import SHARDS, Blob
from helpers.database import Database, connected
from helpers.factories import a_dataset, a_progress, an_artifact, finished_task, queued_task, running_task
from helpers.processors import ProcessorFactory, ended
from helpers.storage import Stored
from processor.retention import EVENTS_A_BATCH, Removed, Retention
from processor.settings import RetentionSettings
from processor.sweeper import SHARDS_A_ROUND, Sweeper, Swept

TABLES_OF_A_TASK = ("task", "task_input", "attempt", "event", "progress", "result", "artifact")
RECORD_DATASET = load_query("gateway", "record_dataset")


@pytest.fixture
async def pool(database: Database) -> AsyncIterator[Pool]:
    async with as_processor(database) as pool:
        yield pool


@asynccontextmanager
async def as_processor(database: Database) -> AsyncIterator[Pool]:
    settings = DatabaseSettings(dsn=SecretStr(database.processor_dsn), pool_size=2)
    async with open_pool(settings, service="processor") as pool:
        yield pool


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    return Stored.open(tmp_path / "storage")


def retention(pool: Pool, **changed: Any) -> Retention:
    settings: dict[str, Any] = {"task_days": 30, "feed_days": 7, "dataset_days": 30, "batch": 100}
    return Retention(pool=pool, settings=RetentionSettings(**(settings | changed)))


async def an_old_task(connection: asyncpg.Connection, *, days: float, state: str = "succeeded", **asked: Any) -> UUID:
    """A task that ended so many days ago."""
    task = await finished_task(connection, state=state, **asked)
    await connection.execute("UPDATE task SET finished_at = now() - $2::interval WHERE id = $1", task, ago(days))
    return task


def ago(days: float) -> timedelta:
    return timedelta(days=days)


async def rows_of(connection: asyncpg.Connection, task: UUID) -> dict[str, int]:
    return {
        table: await connection.fetchval(
            f"SELECT count(*) FROM {table} WHERE {'id' if table == 'task' else 'task'} = $1", task
        )
        for table in TABLES_OF_A_TASK
    }


async def seqs(connection: asyncpg.Connection, task: UUID) -> list[int]:
    return [row["seq"] for row in await connection.fetch("SELECT seq FROM event WHERE task = $1 ORDER BY seq", task)]


@pytest.mark.every_postgres
@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
async def test_a_task_goes_with_all_that_belongs_to_it(pool: Pool, connection: asyncpg.Connection, state: str) -> None:
    task = await an_old_task(connection, days=31, state=state)
    await an_artifact(connection, task)
    await a_progress(connection, task)

    removed = await retention(pool).run_once()

    assert removed == Removed(feeds=1, events=2, tasks=1, datasets=0, keys=0)
    assert set((await rows_of(connection, task)).values()) == {0}


async def test_what_is_young_or_not_ended_stays(pool: Pool, connection: asyncpg.Connection) -> None:
    tasks = [
        await an_old_task(connection, days=6),
        await queued_task(connection),
        (await running_task(connection)).id,
    ]
    await connection.execute("UPDATE task SET created_at = now() - interval '1 year'")
    before = [await rows_of(connection, task) for task in tasks]

    removed = await retention(pool).run_once()

    assert removed == Removed(feeds=0, events=0, tasks=0, datasets=0, keys=0)
    assert [await rows_of(connection, task) for task in tasks] == before


async def test_a_feed_goes_before_its_task_but_for_its_last_event(pool: Pool, connection: asyncpg.Connection) -> None:
    task = await an_old_task(connection, days=8)

    first, second = [await retention(pool).run_once() for _ in range(2)]

    assert (first.feeds, first.events, second.feeds) == (1, 2, 0)
    assert await seqs(connection, task) == [3]
    assert await connection.fetchval("SELECT type FROM event WHERE task = $1", task) == "succeeded"
    rest = await rows_of(connection, task)
    assert (rest["task"], rest["attempt"], rest["result"], rest["task_input"]) == (1, 1, 1, 1)


async def test_a_feed_that_is_kept_as_long_as_its_task_goes_with_it(pool: Pool, connection: asyncpg.Connection) -> None:
    young, old = await an_old_task(connection, days=29), await an_old_task(connection, days=31)

    await retention(pool, feed_days=0).run_once()

    assert await seqs(connection, young) == [1, 2, 3]
    assert (await rows_of(connection, old))["task"] == 0


async def test_zero_days_are_for_ever(pool: Pool, connection: asyncpg.Connection) -> None:
    task = await an_old_task(connection, days=10_000)
    await connection.execute("UPDATE dataset SET handed_in_at = now() - interval '9 years'")
    unneeded = await a_dataset(connection)
    await connection.execute("UPDATE dataset SET handed_in_at = now() - interval '9 years'")

    await retention(pool, task_days=0, feed_days=0, dataset_days=0).run_once()

    assert await seqs(connection, task) == [1, 2, 3]
    assert await connection.fetchval("SELECT count(*) FROM dataset WHERE id = $1", unneeded) == 1


async def test_a_long_feed_goes_alone_and_the_next_round_follows_at_once(
    pool: Pool, connection: asyncpg.Connection
) -> None:
    tasks = [await an_old_task(connection, days=days) for days in (10, 9, 8)]
    await connection.execute("UPDATE task SET last_seq = $2 WHERE id = $1", tasks[0], EVENTS_A_BATCH + 3)
    await connection.execute(
        "INSERT INTO event (task, seq, type) SELECT $1, 3 + i, 'log' FROM generate_series(1, $2) AS i",
        *(tasks[0], EVENTS_A_BATCH),
    )
    keeper = retention(pool)

    first = await keeper.run_once()
    is_behind = await keeper.wakeup.wait(at_most=0)
    second = await keeper.run_once()

    assert (first.feeds, first.events, is_behind) == (1, EVENTS_A_BATCH + 2, True)
    assert (second.feeds, second.events) == (2, 4)
    assert not await keeper.wakeup.wait(at_most=0)


async def test_batches_are_small_and_the_rest_follows(pool: Pool, connection: asyncpg.Connection) -> None:
    for _ in range(5):
        await an_old_task(connection, days=31)
    keeper = retention(pool, batch=2)

    rounds = [await keeper.run_once() for _ in range(4)]

    assert [done.tasks for done in rounds] == [2, 2, 1, 0]


async def test_two_at_once_share_the_work_and_never_wait(
    database: Database, pool: Pool, connection: asyncpg.Connection
) -> None:
    tasks = [await an_old_task(connection, days=31) for _ in range(3)]
    async with connection.transaction():
        await connection.execute("SELECT FROM task WHERE id = $1 FOR UPDATE", tasks[0])
        async with as_processor(database) as other:
            there = await retention(other).run_once()
    rest = await retention(pool).run_once()

    assert (there.tasks, rest.tasks) == (2, 1)


async def test_a_task_that_is_retried_by_hand_in_that_moment_stays(
    database: Database, pool: Pool, connection: asyncpg.Connection
) -> None:
    task = await an_old_task(connection, days=31, state="failed")
    async with connected(database.gateway_dsn) as gateway, gateway.transaction():
        await gateway.execute("UPDATE task SET state = 'queued', finished_at = NULL, error = NULL WHERE id = $1", task)
        during = await retention(pool).run_once()
    after = await retention(pool).run_once()

    assert (during.tasks, after.tasks) == (0, 0)
    assert await seqs(connection, task) == [1, 2, 3]


async def test_a_retried_task_whose_feed_was_trimmed_goes_on_with_its_numbers_and_ends_like_any_other(
    processors: ProcessorFactory, pool: Pool, connection: asyncpg.Connection
) -> None:
    task = await an_old_task(connection, days=8, state="failed", kind="noop", inputs={})
    await retention(pool).run_once()
    await connection.execute(
        "UPDATE task SET state = 'queued', finished_at = NULL, error = NULL, failures = 0 WHERE id = $1", task
    )
    async with processors.start():
        await ended(connection, task)
    assert await seqs(connection, task) == [3, 4, 5]

    await connection.execute("UPDATE task SET finished_at = now() - interval '31 days' WHERE id = $1", task)
    assert (await retention(pool).run_once()).tasks == 1
    assert set((await rows_of(connection, task)).values()) == {0}


# Datasets


async def an_old_dataset(connection: asyncpg.Connection, **given: Any) -> UUID:
    dataset = await a_dataset(connection, **given)
    await connection.execute(
        "UPDATE dataset SET handed_in_at = now() - interval '31 days', created_at = now() - interval '90 days'"
        " WHERE id = $1",
        dataset,
    )
    return dataset


async def datasets(connection: asyncpg.Connection) -> set[UUID]:
    return {row["id"] for row in await connection.fetch("SELECT id FROM dataset")}


async def test_a_dataset_goes_when_no_task_refers_to_it(pool: Pool, connection: asyncpg.Connection) -> None:
    needed = [await an_old_dataset(connection, name=name) for name in ("queued", "ended")]
    unneeded = await an_old_dataset(connection, name="unneeded")
    young = await a_dataset(connection, name="young")
    await queued_task(connection, inputs={"data": needed[0]})
    task = await finished_task(connection, inputs={"data": needed[1]})

    assert (await retention(pool).run_once()).datasets == 1
    assert await datasets(connection) == {*needed, young}
    assert unneeded not in await datasets(connection)

    await connection.execute("UPDATE task SET finished_at = now() - interval '31 days' WHERE id = $1", task)
    together = await retention(pool).run_once()
    assert (together.tasks, together.datasets) == (1, 1)
    assert await datasets(connection) == {needed[0], young}


async def test_datasets_that_are_needed_do_not_hide_those_that_are_not(
    pool: Pool, connection: asyncpg.Connection
) -> None:
    for number in range(4):
        dataset = await an_old_dataset(connection, name=f"needed-{number}")
        await queued_task(connection, inputs={"data": dataset})
    await an_old_dataset(connection, name="unneeded")
    keeper = retention(pool, batch=2)

    assert [(await keeper.run_once()).datasets for _ in range(3)] == [0, 0, 1]


async def test_a_dataset_that_is_handed_in_again_is_kept_as_if_it_were_new(
    database: Database, pool: Pool, connection: asyncpg.Connection
) -> None:
    dataset = await an_old_dataset(connection)
    row = await connection.fetchrow("SELECT * FROM dataset WHERE id = $1", dataset)
    again = (row["tenant"], row["name"], row["sha256"], row["bytes"], row["media_type"])
    async with connected(database.gateway_dsn) as gateway:
        found = await gateway.fetchrow(RECORD_DATASET, uuid7(), *again)

    assert (found["id"], found["is_new"], found["created_at"]) == (dataset, False, row["created_at"])
    assert (await retention(pool).run_once()).datasets == 0


async def test_a_dataset_that_a_task_begins_to_need_in_that_moment_stays(
    pool: Pool, connection: asyncpg.Connection
) -> None:
    dataset = await an_old_dataset(connection)
    async with connection.transaction():
        await queued_task(connection, inputs={"data": dataset})
        assert (await retention(pool).run_once()).datasets == 0

    assert (await retention(pool).run_once()).datasets == 0
    assert await datasets(connection) == {dataset}


# Keys


async def test_keys_of_requests_go_when_they_have_expired(pool: Pool, connection: asyncpg.Connection) -> None:
    await connection.execute(
        "INSERT INTO idempotency_key (tenant, key, request, tasks, expires_at)"
        " SELECT 'default', 'key-' || hours, '', '{}', now() + make_interval(hours => hours)"
        " FROM generate_series(-2, 1) AS hours"
    )

    assert (await retention(pool).run_once()).keys == 3
    assert await connection.fetchval("SELECT string_agg(key, ' ') FROM idempotency_key") == "key-1"


# Bytes


@pytest.fixture
def sweeper(pool: Pool, stored: Stored) -> Sweeper:
    return Sweeper(pool=pool, storage=stored.storage, settings=RetentionSettings(bytes_hours=24), first_shard=0)


async def swept(sweeper: Sweeper) -> Swept:
    """All shards once."""
    rounds = [await sweeper.run_once() for _ in range(SHARDS // SHARDS_A_ROUND)]
    return Swept(
        blobs=sum(done.blobs for done in rounds),
        bytes=sum(done.bytes for done in rounds),
        uploads=sum(done.uploads for done in rounds),
    )


async def a_blob(stored: Stored, content: bytes, *, hours_old: float = 25) -> Blob:
    async def chunks() -> AsyncIterator[bytes]:
        yield content

    blob = await stored.storage.put(chunks())
    path = stored.storage.local_path(blob.sha256)
    assert path is not None
    grow_old(path, hours=hours_old)
    return blob


def grow_old(path: Path, *, hours: float) -> None:
    os.utime(path, (time.time() - hours * 3600,) * 2)


def names(stored: Stored) -> set[str]:
    return {path.name for path in stored.files()}


async def test_bytes_go_when_nothing_refers_to_them(
    sweeper: Sweeper, stored: Stored, connection: asyncpg.Connection
) -> None:
    contents = [b"of a dataset", b"of an artifact", b"of nothing", b"of nothing, but young"]
    blobs = [await a_blob(stored, content) for content in contents[:3]]
    young = await a_blob(stored, contents[3], hours_old=23)
    await a_dataset(connection, content=contents[0])
    await an_artifact(connection, await finished_task(connection), content=contents[1])

    done = await swept(sweeper)

    assert done == Swept(blobs=1, bytes=len(contents[2]), uploads=0)
    assert names(stored) == {blobs[0].sha256, blobs[1].sha256, young.sha256}


async def test_bytes_that_a_waiting_task_needs_outlive_their_dataset(
    sweeper: Sweeper, stored: Stored, connection: asyncpg.Connection
) -> None:
    blob = await a_blob(stored, b"needed")
    dataset = await a_dataset(connection, content=b"needed")
    task = await running_task(connection, inputs={"data": dataset})
    await connection.execute("DELETE FROM dataset WHERE id = $1", dataset)

    assert (await swept(sweeper)).blobs == 0
    await connection.execute(
        "UPDATE task SET state = 'cancelled', processor = NULL, lease_until = NULL, finished_at = now() WHERE id = $1",
        task.id,
    )
    assert (await swept(sweeper)).blobs == 1
    assert names(stored) == set()
    assert len(blob.sha256) == 64


async def test_bytes_that_are_handed_in_again_meanwhile_stay(stored: Stored) -> None:
    blob = await a_blob(stored, b"again")
    day_ago = datetime.now(UTC) - timedelta(days=1)
    await a_blob(stored, b"again", hours_old=0)

    assert not await stored.storage.remove_blob(blob.sha256, unless_since=day_ago)
    assert names(stored) == {blob.sha256}


async def test_uploads_that_were_given_up_go_and_others_stay(sweeper: Sweeper, stored: Stored) -> None:
    incoming = stored.folder / "incoming"
    incoming.mkdir()
    # The second is how a local store writes what is not yet whole.
    for name in ("whole", "half#1", "young", "young#1"):
        (incoming / name).write_bytes(b"bytes")
        grow_old(incoming / name, hours=1 if "young" in name else 25)

    done = await sweeper.run_once()

    assert done.uploads == 2
    assert names(stored) == {"young", "young#1"}


async def test_an_upload_that_goes_on_meanwhile_stays(stored: Stored) -> None:
    (stored.folder / "incoming").mkdir()
    (stored.folder / "incoming" / "slow#1").write_bytes(b"bytes")

    assert not await stored.storage.remove_upload("slow#1", unless_since=datetime.now(UTC) - timedelta(days=1))
    assert not await stored.storage.remove_upload("gone", unless_since=datetime.now(UTC))


async def test_every_shard_has_its_turn(sweeper: Sweeper, stored: Stored) -> None:
    blobs: Iterator[bytes] = (number.to_bytes(2) for number in range(40))
    for content in blobs:
        await a_blob(stored, content)

    rounds = [await sweeper.run_once() for _ in range(SHARDS // SHARDS_A_ROUND)]

    assert sum(done.blobs for done in rounds) == 40
    assert max(done.blobs for done in rounds) < 40
