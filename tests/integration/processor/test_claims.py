"""Who is served next, and how many at once: by the records of the attempts, never by the time that it took."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

import anyio
import asyncpg
import pytest

from common.queries import load_query
from helpers.database import Database, connected
from helpers.engine_statements import SETTLE_ATTEMPTS, claim, claim_under_caps, many_tasks, settle, settlement
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import ProcessorFactory, ended

RETRY_TASKS = load_query("gateway", "retry_tasks")
BACKLOG = 100_000
WAITS_OR_HAS_CLAIMED = """
    SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)
        OR EXISTS (SELECT FROM attempt)
"""


@pytest.fixture
async def processor(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the processors' role."""
    async with connected(database.processor_dsn) as connection:
        yield connection


def tenants(claims: Iterable[asyncpg.Record]) -> list[str]:
    return [row["tenant"] for row in claims]


@pytest.mark.every_postgres
async def test_a_claim_raises_the_lease_opens_an_attempt_and_tells_the_feed(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, params={"top_k": 3})

    (row,) = await claim(processor)

    assert (row["id"], row["lease"], row["attempts"], row["last_seq"]) == (task, 1, 1, 2)
    assert '"name":"data"' in row["inputs"].replace(" ", "")
    attempt = await connection.fetchrow("SELECT * FROM attempt WHERE task = $1", task)
    assert (attempt["number"], attempt["lease"], attempt["outcome"]) == (1, 1, None)
    assert await connection.fetchval("SELECT type FROM event WHERE task = $1 AND seq = 2", task) == "started"
    assert await claim(processor) == []


@pytest.mark.every_postgres
async def test_only_claims_raise_the_lease(processor: asyncpg.Connection, connection: asyncpg.Connection) -> None:
    task = await queued_task(connection)
    leases = []
    for _ in range(3):
        claims = await claim(processor)
        leases.append(claims[0]["lease"])
        assert await settle(processor, claims, state="queued") == {task}
        assert await settle(processor, claims, state="queued") == set()

    assert leases == [1, 2, 3]


@pytest.mark.every_postgres
async def test_priority_goes_first_then_who_was_due_first(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    now = datetime.now(UTC)
    asked = [(0, 3), (5, 1), (0, 9), (-1, 30), (5, 2)]
    made = {
        (priority, due): await queued_task(
            connection, priority=priority, run_at=now - timedelta(minutes=due), inputs={}
        )
        for priority, due in asked
    }

    order = [(await claim(processor))[0]["id"] for _ in asked]

    assert order == [made[key] for key in [(5, 2), (5, 1), (0, 9), (0, 3), (-1, 30)]]


async def test_priority_goes_before_the_turns_of_tenants(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    for _ in range(3):
        await queued_task(connection, tenant="a", priority=1, inputs={})
        await queued_task(connection, tenant="b", priority=0, inputs={})

    assert tenants([(await claim(processor))[0] for _ in range(6)]) == ["a"] * 3 + ["b"] * 3


async def test_what_is_not_due_and_what_is_of_another_kind_waits(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    task = await queued_task(connection, run_at=later, inputs={})
    await queued_task(connection, kind="other", inputs={})

    assert await claim(processor, 5) == []
    assert [row["id"] for row in await claim(processor, 5, at=later)] == [task]


@pytest.mark.every_postgres
async def test_tenants_take_turns(processor: asyncpg.Connection, connection: asyncpg.Connection) -> None:
    for tenant, count in (("a", 30), ("b", 2), ("c", 4)):
        for _ in range(count):
            await queued_task(connection, tenant=tenant, inputs={})

    at_once = await claim(processor, 6)
    one_by_one = [(await claim(processor))[0] for _ in range(4)]

    assert Counter(tenants(at_once)) == {"a": 2, "b": 2, "c": 2}
    # Those that run count; among equals it is the turn of who was served longest ago.
    assert Counter(tenants(one_by_one)) == {"a": 2, "c": 2}


@pytest.mark.every_postgres
async def test_turns_are_kept_when_each_task_ends_before_the_next_is_claimed(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    for tenant in ("a", "b", "c"):
        for _ in range(4):
            await queued_task(connection, tenant=tenant, inputs={})
    order = []
    for _ in range(12):
        claims = await claim(processor)
        order += tenants(claims)
        await settle(processor, claims)

    assert all(set(order[place : place + 3]) == {"a", "b", "c"} for place in range(0, 12, 3))


async def test_a_backlog_of_one_tenant_does_not_delay_anothers_first(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    await many_tasks(connection, BACKLOG, tenant="big", kind="noop")
    async with processors.start(slots=2) as processor:
        await eventually(lambda: connection.fetchval("SELECT count(*) > 10 FROM attempt"))
        small = [await queued_task(connection, tenant="small", kind="noop", inputs={}) for _ in range(3)]
        submitted_at = await connection.fetchval("SELECT clock_timestamp()")
        for task in small:
            await ended(connection, task)
        await processor.stop()

    # One claim for both slots may have been under way; from then on it is every other's turn.
    assert await served_between(connection, submitted_at, small[0]) <= 2
    assert await served_between(connection, submitted_at, small[2]) <= 2 + 2 * 3


async def served_between(connection: asyncpg.Connection, since: datetime, task: UUID) -> int:
    """How many attempts of the large tenant began between that time and the first of this task."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM attempt JOIN task ON task.id = attempt.task"
        " WHERE task.tenant = 'big' AND attempt.started_at > $1"
        " AND attempt.started_at < (SELECT started_at FROM attempt WHERE task = $2)",
        *(since, task),
    )
    return count


# Caps


class CapBrokenError(AssertionError):
    """More ran at one time than may."""


@pytest.fixture
async def caps(connection: asyncpg.Connection) -> None:
    """2 of tenant a, 3 of kind noop, 1 of tenant b's kind gate, 2 of each tenant that has no row."""
    await connection.executemany(
        "INSERT INTO cap (tenant, kind, max_running) VALUES ($1, $2, $3)",
        [("a", None, 2), (None, "noop", 3), ("b", "environment", 1), (None, None, 2)],
    )


def check_caps(running: Sequence[tuple[str, str]]) -> None:
    """Assert that the tasks (tenant, kind) that run at one moment keep all caps of the fixture."""
    of_tenant = Counter(tenant for tenant, _ in running)
    of_kind = Counter(kind for _, kind in running)
    most = max((count for tenant, count in of_tenant.items()), default=0)
    if most > 2 or of_kind["noop"] > 3 or Counter(running)["b", "environment"] > 1:
        raise CapBrokenError(sorted(running))


async def tasks_of_many(connection: asyncpg.Connection, each: int) -> int:
    for tenant in ("a", "b", "c", "d"):
        for kind in ("noop", "environment"):
            for _ in range(each):
                await queued_task(connection, tenant=tenant, kind=kind, inputs={})
    return 8 * each


@pytest.mark.every_postgres
@pytest.mark.usefixtures("caps")
async def test_caps_are_exact_at_each_of_many_claims_at_once(
    database: Database, connection: asyncpg.Connection
) -> None:
    total = await tasks_of_many(connection, 10)
    most = Counter[int]()

    async def work() -> None:
        async with connected(database.processor_dsn) as own:
            while await connection_count(own) < total:
                async with own.transaction():
                    claims = await claim_under_caps(own, 3, kinds=("noop", "environment"))
                    # Nobody else claims before this transaction ends, so this is the most that runs until then.
                    rows = await own.fetch("SELECT tenant, kind FROM task WHERE state = 'running'")
                check_caps([(row["tenant"], row["kind"]) for row in rows])
                most[len(rows)] += 1
                await settle(own, claims)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)

    assert max(most) >= 5  # they did run side by side
    assert await connection.fetchval("SELECT count(*) FROM attempt") == total


async def connection_count(connection: asyncpg.Connection) -> int:
    return int(await connection.fetchval("SELECT count(*) FROM task WHERE state = 'succeeded'"))


@pytest.mark.usefixtures("caps")
async def test_caps_hold_over_several_processors(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    total = await tasks_of_many(connection, 8)
    await connection.execute("UPDATE task SET run_at = now() + interval '1 hour'")
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(processors.start(slots=4))
        await connection.execute("UPDATE task SET run_at = now()")
        await connection.execute("SELECT pg_notify('sundog_work', 'noop')")
        await eventually(
            lambda: connection.fetchval("SELECT count(*) = $1 FROM task WHERE state = 'succeeded'", total), within=60
        )

    rows = await connection.fetch(
        "SELECT task.tenant, task.kind, attempt.started_at, attempt.finished_at, attempt.processor"
        " FROM attempt JOIN task ON task.id = attempt.task"
    )
    assert len(rows) == total
    for moment in rows:
        at = moment["started_at"]
        check_caps([(row["tenant"], row["kind"]) for row in rows if row["started_at"] <= at < row["finished_at"]])
    assert len({row["processor"] for row in rows}) > 1


@pytest.mark.parametrize("cap", [("a", None), (None, "noop"), ("a", "noop"), (None, None)])
async def test_a_processor_that_claims_beside_another_counts_what_that_one_is_claiming(
    database: Database,
    processors: ProcessorFactory,
    connection: asyncpg.Connection,
    cap: tuple[str | None, str | None],
) -> None:
    """Another claim is under way and not committed: who does not wait for it cannot see what it takes."""
    await connection.execute("INSERT INTO cap (tenant, kind, max_running) VALUES ($1, $2, 1)", *cap)
    for _ in range(2):
        await queued_task(connection, tenant="a", kind="noop", inputs={})
    async with connected(database.processor_dsn) as other, other.transaction():
        assert len(await claim_under_caps(other, 5, kinds=["noop"])) == 1
        async with processors.start(slots=2) as processor:
            await eventually(lambda: connection.fetchval(WAITS_OR_HAS_CLAIMED))
            assert await connection.fetchval("SELECT count(*) FROM attempt") == 0
            processor.claimer.stop()


async def test_a_cap_of_zero_pauses_and_its_removal_lets_go_on(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    paused = await queued_task(connection, tenant="paused", inputs={})
    other = await queued_task(connection, tenant="other", inputs={})
    await connection.execute("INSERT INTO cap (tenant, max_running) VALUES ('paused', 0)")

    assert [row["id"] for row in await claim_under_caps(processor, 5)] == [other]
    await connection.execute("DELETE FROM cap")
    assert [row["id"] for row in await claim_under_caps(processor, 5)] == [paused]


@pytest.mark.every_postgres
async def test_a_tenants_own_cap_goes_before_the_one_for_each(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    for tenant in ("special", "other"):
        for _ in range(9):
            await queued_task(connection, tenant=tenant, inputs={})
    await connection.execute("INSERT INTO cap (tenant, kind, max_running) VALUES ('special', NULL, 5), (NULL, NULL, 1)")

    assert Counter(tenants(await claim_under_caps(processor, 20))) == {"special": 5, "other": 1}


async def test_the_first_cap_is_in_force_from_the_next_heartbeat(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(heartbeat_s=60, lease_s=180) as processor:
        caps = processor.claimer._caps
        await processor.heartbeater.run_once()
        without = caps.in_force
        await connection.execute("INSERT INTO cap (tenant, max_running) VALUES ('a', 1)")
        await processor.heartbeater.run_once()

        assert (without, caps.in_force) == (False, True)


@pytest.mark.every_postgres
async def test_many_who_claim_at_once_never_claim_one_task_twice(
    database: Database, connection: asyncpg.Connection
) -> None:
    tasks = {await queued_task(connection, tenant=f"tenant-{number % 3}", inputs={}) for number in range(60)}
    claimed: list[UUID] = []

    async def work() -> None:
        async with connected(database.processor_dsn) as own:
            while claims := await claim(own, 3):
                claimed.extend(row["id"] for row in claims)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(work)

    assert len(claimed) == len(tasks)
    assert set(claimed) == tasks
    assert await connection.fetchval("SELECT max(attempts) FROM task") == 1


# Low-memory mode


async def out_of_memory(processor: asyncpg.Connection) -> None:
    """Claim a task and end its attempt as out of memory, with another to follow."""
    columns = settlement(await claim(processor), state="queued")
    columns[3], columns[11] = ["out_of_memory"], [True]
    await processor.fetch(SETTLE_ATTEMPTS, *columns, None)


@pytest.mark.every_postgres
async def test_low_memory_mode_outlives_an_interruption(
    processor: asyncpg.Connection, connection: asyncpg.Connection
) -> None:
    await queued_task(connection, max_attempts=5)
    await out_of_memory(processor)
    modes = []
    for _ in range(3):
        claims = await claim(processor)
        modes.append(claims[0]["low_memory"])
        await settle(processor, claims, state="queued")

    assert modes == [True] * 3


@pytest.mark.every_postgres
async def test_low_memory_mode_ends_with_a_retry_by_hand_also_when_another_attempt_failed_since(
    processor: asyncpg.Connection, database: Database, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, max_attempts=5)
    await out_of_memory(processor)
    await settle(processor, await claim(processor), state="cancelled")
    async with connected(database.gateway_dsn) as gateway:
        again = await gateway.fetch(RETRY_TASKS, [task], "default", ["profile"], ["1"], "{}")
    assert len(again) == 1
    first = await claim(processor)
    columns = settlement(first, state="queued")
    columns[3], columns[11] = ["crashed"], [True]
    await processor.fetch(SETTLE_ATTEMPTS, *columns, None)
    second = await claim(processor)

    assert second[0]["failures"] == 1
    assert [rows[0]["low_memory"] for rows in (first, second)] == [False, False]
