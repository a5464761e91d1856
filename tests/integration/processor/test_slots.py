"""When a place to run is free again."""

from pathlib import Path

import asyncpg

from helpers.database import Database, connected
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processors import ProcessorFactory, ended, running_pid


async def test_a_place_is_free_while_an_end_waits_to_be_written_and_its_lease_is_renewed(
    processors: ProcessorFactory, connection: asyncpg.Connection, database: Database, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    async with connected(database.dsn) as other, processors.start(slots=1):
        first = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, first)
        async with other.transaction():
            await other.execute("SELECT FROM attempt WHERE task = $1 FOR UPDATE", first)  # its end cannot be written
            gate.touch()
            second = await queued_task(connection, inputs={}, kind="noop")
            third = await queued_task(connection, inputs={}, kind="noop")
            claimed = await eventually(lambda: lease_until(connection, second))
            renewed = await eventually(lambda: lease_until(connection, second, after=claimed))
            assert await eventually(lambda: lease_until(connection, second, after=renewed))
            # No more than as many again may wait to be written.
            assert await connection.fetchval("SELECT state FROM task WHERE id = $1", third) == "queued"
        rows = [await ended(connection, task) for task in (first, second, third)]

    assert [row["state"] for row in rows] == ["succeeded"] * 3
    assert [row["lease"] for row in rows] == [1] * 3


async def lease_until(connection: asyncpg.Connection, task: object, *, after: object = None) -> object:
    """Until when a task is held, once that is later than `after`."""
    return await connection.fetchval(
        "SELECT lease_until FROM task WHERE id = $1 AND lease_until > coalesce($2::timestamptz, '-infinity')",
        *(task, after),
    )
