"""Processors of the tests' own, in the test's process, with real children that have the breaking kinds."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import UUID

import asyncpg
from pydantic import SecretStr

from common.settings import DatabaseSettings, StorageSettings
from helpers.database import Database
from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.postgres_proxy import Interception
from processor.app import Processor, open_processor
from processor.settings import ProcessorSettings

PID = re.compile(r"waiting as (\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessorFactory:
    """Starts processors against one database.

    Attributes:
        python: of the environment that has the breaking kinds.
        folder: of the test; each processor gets its work folder there.
    """

    database: Database
    python: str
    folder: Path

    @property
    def storage(self) -> StorageSettings:
        return StorageSettings(url=f"file://{self.folder}/storage")

    def through(self, dsn: str) -> Self:
        """The same, but its processors reach the database by this connection string."""
        return replace(self, database=replace(self.database, processor_dsn=dsn))

    @asynccontextmanager
    async def start(self, **changed: Any) -> AsyncIterator[Processor]:
        """A processor that is ready; `changed` are its settings that differ from the defaults."""
        settings: dict[str, Any] = {
            "work_dir": self.folder / "work",
            "python": Path(self.python),
            "poll_s": 0.2,
            "rescue_s": 0.2,
            "heartbeat_s": 0.2,
            "retry_first_s": 0.01,
            "retry_most_s": 0.05,
            "grace_s": 10,
            "threads": 1,
        }
        async with open_processor(
            database=DatabaseSettings(dsn=SecretStr(self.database.processor_dsn)),
            storage=self.storage,
            settings=ProcessorSettings(**(settings | changed)),
        ) as processor:
            yield processor


async def ended(connection: asyncpg.Connection, task: object, *, within: float = 20.0) -> Mapping[str, Any]:
    """The row of a task once it is in a final state."""
    return await eventually(
        lambda: connection.fetchrow("SELECT * FROM task WHERE id = $1 AND finished_at IS NOT NULL", task),
        within=within,
    )


async def claimed_unheard(connection: asyncpg.Connection, caught: Interception, *, max_attempts: int = 3) -> UUID:
    """A task of which the proxy caught the answer to its claim.

    A claim that was on its way before the proxy knew may take the first one; then it is the next.
    """
    while True:
        task = await queued_task(connection, inputs={}, kind="story", max_attempts=max_attempts)

        async def caught_or_ended(task: UUID = task) -> bool:
            ended = await connection.fetchval("SELECT finished_at IS NOT NULL FROM task WHERE id = $1", task)
            return caught.caught.is_set() or bool(ended)

        await eventually(caught_or_ended)
        if caught.caught.is_set():
            return task


async def running_pid(connection: asyncpg.Connection, task: object, *, attempt: int = 1) -> int:
    """The process number of a child that waits at its gate, once it does."""
    line = await eventually(
        lambda: connection.fetchval(
            "SELECT data ->> 'message' FROM event WHERE task = $1 AND attempt = $2 AND type = 'log'"
            " AND data ->> 'message' LIKE 'waiting as%'",
            *(task, attempt),
        )
    )
    match = PID.match(line)
    assert match is not None
    return int(match[1])


async def feed(connection: asyncpg.Connection, task: object) -> list[asyncpg.Record]:
    """The events of a task, in order; asserts that their numbers are 1..n and that the task knows the last."""
    events = await connection.fetch("SELECT * FROM event WHERE task = $1 ORDER BY seq", task)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert await connection.fetchval("SELECT last_seq FROM task WHERE id = $1", task) == len(events)
    return list(events)


async def outcomes(connection: asyncpg.Connection, task: object) -> list[str]:
    """How the attempts of a task ended."""
    return [
        row["outcome"]
        for row in await connection.fetch("SELECT outcome FROM attempt WHERE task = $1 ORDER BY number", task)
    ]
