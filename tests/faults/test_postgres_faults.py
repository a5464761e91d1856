"""Postgres goes away, comes back, hangs, is slow, is full: what runs goes on, and nothing is lost or written twice."""

import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

import anyio
import asyncpg
import pytest
import pytest_asyncio

from common.database import TRANSIENT
from common.queries import load_query
from helpers.database import SETTINGS, Database, DatabaseServer, connected
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.postgres_proxy import PostgresProxy
from helpers.processors import ProcessorFactory, claimed_unheard, ended, feed, outcomes, running_pid
from sundog.postgres import EmbeddedPostgres
from sundog.postgres_binaries import PostgresBinaries

# It is crashed on purpose; what it said was committed must be there again.
DURABLE: Final = SETTINGS | {"synchronous_commit": "on", "full_page_writes": "on"}
OF_PROCESSORS: Final = "FROM pg_stat_activity WHERE usename = 'sundog_processor' AND datname = current_database()"

Break = Callable[[EmbeddedPostgres, Database], Awaitable[None]]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def own_server(
    postgres: PostgresBinaries, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[EmbeddedPostgres]:
    """A server that tests may end."""
    folder = tmp_path_factory.mktemp("own")
    async with EmbeddedPostgres(folder, binaries=postgres, settings=DURABLE, tcp=True) as server:
        await DatabaseServer(server).prepare()
        yield server


@pytest.fixture
async def own_database(own_server: EmbeddedPostgres) -> AsyncIterator[Database]:
    async with DatabaseServer(own_server).database() as database:
        yield database


@asynccontextmanager
async def connected_again(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """A connection as soon as there can be one."""

    async def connection() -> asyncpg.Connection | None:
        try:
            return await asyncpg.connect(database.dsn)
        except TRANSIENT:
            return None

    found = await eventually(connection)
    try:
        yield found
    finally:
        await found.close()


async def fast(server: EmbeddedPostgres, _database: Database) -> None:
    await server.restart()


async def immediate(server: EmbeddedPostgres, _database: Database) -> None:
    server.kill()
    await server.wait()
    await server.restart()


async def killed_backend(_server: EmbeddedPostgres, database: Database) -> None:
    """The postmaster ends all sessions, since the killed one may have spoiled the shared memory."""
    ended = anyio.Event()
    async with connected(database.dsn) as connection:
        connection.add_termination_listener(lambda _: ended.set())
        os.kill(await connection.fetchval(f"SELECT pid {OF_PROCESSORS} LIMIT 1"), signal.SIGKILL)
        await ended.wait()  # before that one could connect to a server that is about to end that session, too


async def a_task_at_its_gate(connection: asyncpg.Connection, gate: Path) -> UUID:
    """A task that runs and waits, its last line written."""
    task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
    await running_pid(connection, task)
    return task


async def assert_undisturbed(connection: asyncpg.Connection, *tasks: UUID) -> None:
    """Each succeeded in its first attempt, is told once in its feed, and has one result."""
    for task in tasks:
        assert (await ended(connection, task))["state"] == "succeeded"
        assert await outcomes(connection, task) == ["succeeded"]
        types = [event["type"] for event in await feed(connection, task)]
        assert (types.count("started"), types.count("succeeded"), types.count("retrying")) == (1, 1, 0)
        assert await connection.fetchval("SELECT count(*) FROM result WHERE task = $1", task) == 1


@pytest.mark.parametrize("break_it", [fast, immediate, killed_backend])
async def test_a_postgres_that_breaks_and_comes_back_costs_no_attempt(
    own_server: EmbeddedPostgres, own_database: Database, breaking_python: str, tmp_path: Path, break_it: Break
) -> None:
    processors = ProcessorFactory(database=own_database, python=breaking_python, folder=tmp_path)
    gate = tmp_path / "gate"
    async with processors.start():
        async with connected(own_database.dsn) as connection:
            story = await queued_task(connection, inputs={}, kind="story", params={"gate": str(gate)})
            waiting = await a_task_at_its_gate(connection, gate)
        await break_it(own_server, own_database)
        gate.touch()
        async with connected_again(own_database) as connection:
            after = await queued_task(connection, inputs={}, kind="noop")
            await assert_undisturbed(connection, story, waiting, after)


async def test_connections_that_are_reset_cost_no_attempt(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    async with proxied.start():
        task = await a_task_at_its_gate(connection, tmp_path / "gate")
        proxy.reset()
        (tmp_path / "gate").touch()
        await assert_undisturbed(connection, task)


async def test_connections_that_are_dead_without_an_error_are_replaced_before_the_lease_runs_out(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    async with proxied.start(lease_s=2):
        task = await a_task_at_its_gate(connection, tmp_path / "gate")
        last = await connection.fetchval("SELECT lease_until FROM task WHERE id = $1", task)
        proxy.freeze()
        await eventually(lambda: connection.fetchval("SELECT now() > $1::timestamptz", last))
        assert await connection.fetchval("SELECT lease_until > now() FROM task WHERE id = $1", task)
        (tmp_path / "gate").touch()
        await assert_undisturbed(connection, task)


async def test_an_outage_longer_than_the_lease_takes_no_task_from_processors_that_live(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    """All were cut off alike: who comes back first must not rescue from those who are still on their way."""
    async with proxied.start(lease_s=1), proxied.start(lease_s=1):
        task = await a_task_at_its_gate(connection, tmp_path / "gate")
        proxy.freeze(also_new=True)
        await eventually(lambda: connection.fetchval("SELECT lease_until < now() FROM task WHERE id = $1", task))
        proxy.reset()
        proxy.thaw()
        await eventually(lambda: connection.fetchval("SELECT lease_until > now() FROM task WHERE id = $1", task))
        (tmp_path / "gate").touch()
        await assert_undisturbed(connection, task)


async def test_a_slow_network_costs_no_attempt(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    proxy.delay_s = 0.01
    async with proxied.start(lease_s=3):
        tasks = [await queued_task(connection, inputs={}, kind="story") for _ in range(4)]
        await assert_undisturbed(connection, *tasks)


async def test_a_database_without_a_free_connection_is_waited_for(
    processors: ProcessorFactory, connection: asyncpg.Connection, database: Database, tmp_path: Path
) -> None:
    async with processors.start():
        task = await a_task_at_its_gate(connection, tmp_path / "gate")
        await connection.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT 0")
        await connection.execute(f"SELECT pg_terminate_backend(pid) {OF_PROCESSORS}")
        await eventually(lambda: connection.fetchval(f"SELECT count(*) = 0 {OF_PROCESSORS}"))
        (tmp_path / "gate").touch()
        waiting = await queued_task(connection, inputs={}, kind="noop")
        await connection.execute(f"ALTER DATABASE {database.name} CONNECTION LIMIT -1")
        await assert_undisturbed(connection, task, waiting)


async def test_a_database_that_takes_no_notification_is_polled(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    await connection.execute("REVOKE EXECUTE ON FUNCTION pg_notify FROM PUBLIC")
    async with processors.start():
        await assert_undisturbed(connection, await queued_task(connection, inputs={}, kind="story"))


def first_line(query: str) -> str:
    """What a statement is known by on its way."""
    return load_query("processor", query).splitlines()[0]


async def test_a_claim_whose_answer_is_lost_is_handed_back(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    async with proxied.start(heartbeat_s=0.1):
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        lost = proxy.lose_answer(first_line("claim_tasks"))
        task = await claimed_unheard(connection, lost, max_attempts=1)
        row = await ended(connection, task)

    assert (row["state"], row["crashes"]) == ("succeeded", 0)
    assert await outcomes(connection, task) == ["interrupted", "succeeded"]
    await feed(connection, task)


async def test_an_append_whose_answer_is_lost_is_not_repeated_and_disturbs_nothing(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    """More is told before the writer knows, so what it repeats is more than what is there."""
    async with proxied.start():
        lost = proxy.lose_answer(first_line("append_events"))
        task = await queued_task(connection, inputs={}, kind="flood", params={"lines": 500})
        await lost.caught.wait()
        await assert_undisturbed(connection, task)

    lines = [event["data"] for event in await feed(connection, task) if event["type"] == "log"]
    assert len(lines) == len(set(lines)) == 500


async def test_a_settle_whose_answer_is_lost_is_harmless_when_repeated(
    proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    async with proxied.start():
        lost = proxy.lose_answer(first_line("settle_attempts"))
        task = await queued_task(connection, inputs={}, kind="story")
        await lost.caught.wait()
        after = await queued_task(connection, inputs={}, kind="story")
        await assert_undisturbed(connection, task, after)
