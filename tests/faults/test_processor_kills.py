"""Processors that are killed or frozen at every point of an attempt: another one does the task, and it is done once."""

import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from common.queries import load_query
from helpers.database import connected
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.mortal_processor import MortalProcessor, mortal_processor, processes_in
from helpers.postgres_proxy import PostgresProxy
from helpers.processes import gone
from helpers.processors import ProcessorFactory, claimed_unheard, ended, feed, outcomes, running_pid

LEASE_S = 1
WAITS_FOR_LOCK = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    " AND query LIKE $1 || '%'"
)
IDLE_IN_TRANSACTION = (
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND usename = 'sundog_processor'"
    " AND state = 'idle in transaction'"
)


def first_line(query: str) -> str:
    """What a statement is known by."""
    return load_query("processor", query).splitlines()[0]


@asynccontextmanager
async def locked(dsn: str, task: UUID) -> AsyncIterator[None]:
    """The task's row is somebody else's as long as the block lasts."""
    async with connected(dsn) as connection, connection.transaction():
        await connection.execute("SELECT FROM task WHERE id = $1 FOR UPDATE", task)
        yield


async def waiting_backend(connection: asyncpg.Connection, query: str) -> int:
    """The backend in which a statement waits for a lock, once it does."""
    return int(await eventually(lambda: connection.fetchval(WAITS_FOR_LOCK, first_line(query))))


async def kill(processor: MortalProcessor) -> None:
    """Kill it; nothing that it started is left."""
    pids = processor.all_processes()
    processor.send(signal.SIGKILL)
    await processor.end()
    assert await gone(*pids)


async def assert_done_once(
    connection: asyncpg.Connection, task: UUID, *, attempts: tuple[str, ...] = ("lost", "succeeded")
) -> None:
    """It ended in success once, by the last of these attempts; its feed is whole, its result that attempt's."""
    row = await ended(connection, task)
    assert row["state"] == "succeeded"
    assert await outcomes(connection, task) == list(attempts)
    types = [event["type"] for event in await feed(connection, task)]
    assert types.count("succeeded") == 1
    assert types[-1] == "succeeded"
    assert await connection.fetchval("SELECT lease FROM result WHERE task = $1", task) == len(attempts)
    assert row["lease"] == len(attempts)


async def test_killed_after_its_claim_was_committed_and_before_it_knew(
    proxied: ProcessorFactory, processors: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    async with mortal_processor(proxied, lease_s=LEASE_S) as first:
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        held = proxy.hold_answer(first_line("claim_tasks"))
        task = await claimed_unheard(connection, held)
        await kill(first)
    async with processors.start(lease_s=LEASE_S):
        await assert_done_once(connection, task)


async def test_killed_while_a_child_runs(unwalled: ProcessorFactory, connection: asyncpg.Connection) -> None:
    gate = unwalled.folder / "gate"
    async with mortal_processor(unwalled, lease_s=LEASE_S) as first:
        task = await queued_task(connection, inputs={}, kind="offspring", params={"gate": str(gate)})
        await running_pid(connection, task)
        await kill(first)
    assert not processes_in(unwalled.folder)
    async with unwalled.start(lease_s=LEASE_S):
        await running_pid(connection, task, attempt=2)
        gate.touch()
        await assert_done_once(connection, task)
    assert not list((unwalled.folder / "work" / "1" / "children").iterdir())


async def test_killed_after_the_result_was_given_and_before_the_last_event_is_written(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    gate = processors.folder / "gate"
    async with mortal_processor(processors, lease_s=LEASE_S) as first:
        params = {"gate": str(gate), "count": 1}
        task = await queued_task(connection, inputs={}, kind="flood-partials", params=params)
        await running_pid(connection, task)
        async with locked(processors.database.dsn, task):
            gate.touch()
            await waiting_backend(connection, "append_events")
            await kill(first)
    async with processors.start(lease_s=LEASE_S):
        await assert_done_once(connection, task)


@pytest.mark.parametrize("backend_lives", [True, False], ids=["and it is committed", "and it is not"])
async def test_killed_while_it_settles(
    processors: ProcessorFactory, connection: asyncpg.Connection, *, backend_lives: bool
) -> None:
    gate = processors.folder / "gate"
    async with mortal_processor(processors, lease_s=LEASE_S) as first:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, task)
        async with locked(processors.database.dsn, task):
            gate.touch()
            backend = await waiting_backend(connection, "settle_attempts")
            await kill(first)
            if not backend_lives:
                await connection.execute("SELECT pg_terminate_backend($1, 10000)", backend)
    async with processors.start(lease_s=LEASE_S):
        await assert_done_once(connection, task, attempts=("succeeded",) if backend_lives else ("lost", "succeeded"))


async def test_frozen_in_the_middle_of_a_claim_it_holds_up_nobody_for_long(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """It has the lock that makes caps exact, and no other processor can claim before it is given back."""
    await connection.execute("INSERT INTO cap (tenant, max_running) VALUES ('another', 1)")
    async with mortal_processor(processors, lease_s=LEASE_S) as frozen:
        await frozen.ready(connection)
        async with connected(processors.database.dsn) as holder, holder.transaction():
            await holder.execute(load_query("processor", "lock_claims"))
            await waiting_backend(connection, "lock_claims")
            frozen.send(signal.SIGSTOP)
        await eventually(lambda: connection.fetchval(IDLE_IN_TRANSACTION))
        async with processors.start(lease_s=LEASE_S):
            task = await queued_task(connection, inputs={}, kind="noop")
            await assert_done_once(connection, task, attempts=("succeeded",))
        frozen.send(signal.SIGCONT)
        task = await queued_task(connection, inputs={}, kind="noop")
        await assert_done_once(connection, task, attempts=("succeeded",))
        assert await processor_is_well(frozen)


@pytest.mark.parametrize("is_done", [True, False], ids=["its child has done it", "its child still runs"])
async def test_frozen_past_its_lease_it_writes_nothing_when_it_wakes(
    processors: ProcessorFactory, connection: asyncpg.Connection, *, is_done: bool
) -> None:
    gate, second_gate = processors.folder / "gate", processors.folder / "second"
    async with mortal_processor(processors, lease_s=LEASE_S) as frozen:
        task = await queued_task(connection, inputs={}, kind="story", params={"gate": str(gate)})
        stale_child = await running_pid(connection, task)
        frozen.send(signal.SIGSTOP)
        await set_gate(connection, task, second_gate)
        async with processors.start(lease_s=LEASE_S):
            await running_pid(connection, task, attempt=2)
            told = len(await feed(connection, task))
            if is_done:
                gate.touch()
            frozen.send(signal.SIGCONT)
            await eventually(lambda: said(frozen, '"outcome": "lease lost"'))
            assert is_done or await gone(stale_child)
            assert len(await feed(connection, task)) == told
            assert await connection.fetchval("SELECT count(*) FROM artifact WHERE task = $1", task) == 0
            assert await connection.fetchval("SELECT count(*) FROM result WHERE task = $1", task) == 0
            second_gate.touch()
            await assert_done_once(connection, task)
        assert await connection.fetchval("SELECT count(*) FROM artifact WHERE task = $1", task) == 1
        assert await connection.fetchval("SELECT lease FROM progress WHERE task = $1", task) == 2


async def test_frozen_and_rescued_from_it_may_do_the_task_again_itself(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """For a moment it has the task twice, once by a lease that it does not know to be lost."""
    gate = processors.folder / "gate"
    async with mortal_processor(processors, lease_s=LEASE_S) as processor:
        task = await queued_task(connection, inputs={}, kind="story", params={"gate": str(gate)})
        stale_child = await running_pid(connection, task)
        processor.send(signal.SIGSTOP)
        await eventually(lambda: connection.fetchval("SELECT lease_until < now() FROM task WHERE id = $1", task))
        await connection.execute(load_query("processor", "rescue_tasks"), 3, 10, None)
        processor.send(signal.SIGCONT)
        await running_pid(connection, task, attempt=2)
        assert await gone(stale_child)
        gate.touch()
        await assert_done_once(connection, task)
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        assert await processor_is_well(processor)


async def processor_is_well(processor: MortalProcessor) -> bool:
    """Whether it stops in order."""
    processor.send(signal.SIGTERM)
    return await processor.end() == 0


async def set_gate(connection: asyncpg.Connection, task: UUID, gate: Path) -> None:
    """Let the next attempt wait at another gate."""
    await connection.execute("UPDATE task SET params = $2 WHERE id = $1", task, json.dumps({"gate": str(gate)}))


async def said(processor: MortalProcessor, words: str) -> bool:
    """Whether these words are in its log."""
    return words in processor.log.read_text("utf-8")


async def test_frozen_alone_past_its_lease_it_goes_on(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """It must not rescue from itself before its own heartbeat had a chance."""
    gate = processors.folder / "gate"
    async with mortal_processor(processors, lease_s=LEASE_S) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, task)
        processor.send(signal.SIGSTOP)
        await eventually(lambda: connection.fetchval("SELECT lease_until < now() FROM task WHERE id = $1", task))
        processor.send(signal.SIGCONT)
        await eventually(lambda: connection.fetchval("SELECT lease_until > now() FROM task WHERE id = $1", task))
        gate.touch()
        await assert_done_once(connection, task, attempts=("succeeded",))


async def test_without_its_fork_server_it_ends_so_that_it_can_be_started_again(
    unwalled: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    gate = unwalled.folder / "gate"
    async with mortal_processor(unwalled, lease_s=LEASE_S) as first:
        task = await queued_task(connection, inputs={}, kind="offspring", params={"gate": str(gate)})
        await running_pid(connection, task)
        os.kill(first.fork_server(), signal.SIGKILL)
        assert await first.end() == 1
        assert "The process that starts the analyses ended." in first.log.read_text("utf-8")
        assert not processes_in(unwalled.folder)
    gate.touch()
    async with unwalled.start(lease_s=LEASE_S):
        row = await ended(connection, task)
    assert row["state"] == "succeeded"
    assert len(await outcomes(connection, task)) == 2


async def test_a_task_that_takes_its_processor_down_is_quarantined(
    unwalled: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, inputs={}, kind="kill-parent")
    for _ in range(2):
        async with mortal_processor(unwalled, lease_s=LEASE_S, max_crashes=2) as processor:
            assert await processor.end() == 1
    async with unwalled.start(lease_s=LEASE_S, max_crashes=2):
        row = await ended(connection, task)

    assert (row["state"], json.loads(row["error"])["code"]) == ("failed", "quarantined")
    assert len(await outcomes(connection, task)) == 2
    await feed(connection, task)
