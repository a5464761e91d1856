"""Processors that are told to stop, in bad moments and more than once."""

import signal

import asyncpg
import pytest

from helpers.database import connected
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.mortal_processor import MortalProcessor, mortal_processor, processes_in
from helpers.postgres_proxy import PostgresProxy
from helpers.processors import ProcessorFactory, ended, feed, outcomes, running_pid
from processor.claimer import LOCK_CLAIMS

STOPPING = "SELECT stopping FROM processor WHERE name LIKE '%:' || $1::text"
WAITS_FOR_CLAIM_LOCK = "SELECT true FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


async def is_stopping(connection: asyncpg.Connection, processor: MortalProcessor) -> None:
    """Wait until it has told that it stops."""
    await eventually(lambda: connection.fetchval(STOPPING, str(processor.pid)))


async def has_said(processor: MortalProcessor, text: str) -> bool:
    """Whether it has logged that."""
    return f'"text": "{text}"' in processor.log.read_text()


async def assert_handed_back(connection: asyncpg.Connection, task: object) -> None:
    """The task waits in the queue, and nothing was counted against it."""
    row = await connection.fetchrow("SELECT * FROM task WHERE id = $1", task)
    assert row is not None
    assert (row["state"], row["failures"], row["crashes"]) == ("queued", 0, 0)
    assert await outcomes(connection, task) == ["interrupted"]
    assert (await feed(connection, task))[-1]["type"] == "retrying"


async def assert_nothing_left(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    """Its row, its processes and the folders of its children are gone."""
    assert await connection.fetchval("SELECT count(*) FROM processor") == 0
    assert not processes_in(processors.folder)
    assert not list((processors.folder / "work" / "1" / "children").iterdir())


async def test_a_second_signal_hands_back_at_once(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    async with mortal_processor(processors, grace_s=600) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"}, max_attempts=1)
        await running_pid(connection, task)
        processor.send(signal.SIGTERM)
        await is_stopping(connection, processor)
        processor.send(signal.SIGTERM)
        assert await processor.end() == 0
    await assert_handed_back(connection, task)
    await assert_nothing_left(processors, connection)


async def test_a_storm_of_signals_ends_it_in_order(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """They come until it is gone, also while its parts stop one after the other."""
    async with mortal_processor(processors, grace_s=600) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"}, max_attempts=1)
        await running_pid(connection, task)

        async def storm() -> bool:
            if processor.process.returncode is None:
                processor.send(*[signal.SIGTERM, signal.SIGINT] * 10)
            return processor.process.returncode is not None

        await eventually(storm)
        assert await processor.end() == 0
    await assert_handed_back(connection, task)
    await assert_nothing_left(processors, connection)


async def test_a_signal_before_it_is_ready_ends_it(
    processors: ProcessorFactory, proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    proxy.freeze(also_new=True)
    async with mortal_processor(proxied) as processor:

        async def has_connected() -> bool:
            return proxy.accepted > 0

        await eventually(has_connected)
        processor.send(signal.SIGTERM)
        assert await processor.end() == 0
    assert not processes_in(processors.folder)


async def test_what_a_claim_under_way_brings_is_not_lost(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """Caps make claims take a lock; while the test holds it, a claim is under way for as long as it likes."""
    await connection.execute("INSERT INTO cap (max_running) VALUES (10)")
    async with mortal_processor(processors) as processor:
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        async with connected(processors.database.dsn) as holder:
            async with holder.transaction():
                await holder.execute(LOCK_CLAIMS)
                await eventually(lambda: connection.fetchval(WAITS_FOR_CLAIM_LOCK))
                task = await queued_task(connection, inputs={}, kind="story", max_attempts=1)
                processor.send(signal.SIGTERM)
                await is_stopping(connection, processor)
            assert await processor.end() == 0
    assert await outcomes(connection, task) == ["succeeded"]
    await assert_nothing_left(processors, connection)


async def test_a_stop_ends_though_postgres_does_not_answer(
    processors: ProcessorFactory, proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    """What it cannot hand back is rescued like a lost one."""
    gate = processors.folder / "gate"
    async with mortal_processor(proxied, lease_s=1, grace_s=0) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, task)
        proxy.freeze(also_new=True)
        processor.send(signal.SIGTERM)
        assert await processor.end() == 0
    assert not processes_in(processors.folder)
    gate.touch()
    async with processors.start(lease_s=1):
        assert (await ended(connection, task))["state"] == "succeeded"
    assert await outcomes(connection, task) == ["lost", "succeeded"]


async def test_a_second_signal_ends_it_though_postgres_does_not_answer(
    processors: ProcessorFactory, proxied: ProcessorFactory, proxy: PostgresProxy, connection: asyncpg.Connection
) -> None:
    """The grace time is longer than a test waits."""
    async with mortal_processor(proxied, lease_s=1, heartbeat_s=0.3, grace_s=600) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"})
        await running_pid(connection, task)
        proxy.freeze(also_new=True)
        processor.send(signal.SIGTERM)
        await eventually(lambda: has_said(processor, "stopping"))
        processor.send(signal.SIGTERM)
        assert await processor.end() == 0
    assert not processes_in(processors.folder)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_one_signal_lets_what_runs_finish(
    processors: ProcessorFactory, connection: asyncpg.Connection, number: signal.Signals
) -> None:
    gate = processors.folder / "gate"
    async with mortal_processor(processors) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, task)
        processor.send(number)
        await is_stopping(connection, processor)
        waiting = await queued_task(connection, inputs={}, kind="noop")
        gate.touch()
        assert await processor.end() == 0
    assert await outcomes(connection, task) == ["succeeded"]
    assert await outcomes(connection, waiting) == []
    await assert_nothing_left(processors, connection)
