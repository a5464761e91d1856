"""Running tasks and what is told of them: a processor's own statements, without children."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
from pydantic import SecretStr

from common.database import Pool, open_pool
from common.ids import uuid7
from common.notifier import Notifier
from common.queries import load_query
from common.settings import DatabaseSettings
from processor.claim import Claim

CLAIM_TASKS: Final = load_query("processor", "claim_tasks")
APPEND_EVENTS: Final = load_query("processor", "append_events")
WRITE_PROGRESS: Final = load_query("processor", "write_progress")
LEASE_S: Final = 3600.0
STARTED_SEQ: Final = 2  # of a task that runs its first attempt
KIND: Final = "profile"
LINE: Final = '{"level":"info","message":"half of it is done"}'
PROGRESS: Final = '{"phase":"scan","fraction":0.31,"rows":%d,"rows_total":6001215,"rate":1500000.0,"eta_s":3.1}'
# As the gateway records them.
QUEUE: Final = """
WITH asked AS (
    INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts, last_seq)
    SELECT unnest($1::uuid[]), 'default', $2, 600, 2048, 3, 1
    RETURNING id
)
INSERT INTO event (task, seq, type) SELECT id, 1, 'queued' FROM asked
"""


class Storyteller:
    """Claims tasks and tells their watchers what happens."""

    def __init__(self, *, owner: asyncpg.Connection, pool: Pool, notifier: Notifier) -> None:
        self._owner = owner
        self._notifier = notifier
        self.pool = pool

    async def claims(self, count: int) -> list[Claim]:
        """So many new tasks, running; their feeds end with `STARTED_SEQ`."""
        await self._owner.execute(QUEUE, [uuid7() for _ in range(count)], KIND)
        rows = await self.pool.fetch(CLAIM_TASKS, uuid7(), "processor-1", count, [KIND], LEASE_S, None, ["1"])
        return [Claim.from_row(row) for row in rows]

    async def append(self, claims: Sequence[Claim], seq: int) -> float:
        """Append a line of log to each feed, and notify as a processor does; when it was committed."""
        count = len(claims)
        tasks, leases = [claim.task for claim in claims], [claim.lease for claim in claims]
        rows = await self.pool.fetch(APPEND_EVENTS, tasks, leases, [seq] * count, ["log"] * count, [LINE] * count)
        committed = time.perf_counter()
        self._notifier.feed_moved(row["id"] for row in rows)
        assert len(rows) == count, "a lease was lost"
        return committed

    async def report(self, claims: Sequence[Claim], *, rows: int) -> None:
        """Overwrite the progress of each task, and notify as a processor does."""
        count = len(claims)
        tasks, leases = [claim.task for claim in claims], [claim.lease for claim in claims]
        written = await self.pool.fetch(WRITE_PROGRESS, tasks, leases, [PROGRESS % rows] * count)
        self._notifier.feed_moved(row["task"] for row in written)


@asynccontextmanager
async def storyteller(*, owner: asyncpg.Connection, dsn: str) -> AsyncIterator[Storyteller]:
    """One with a pool and a notifier of its own, as the processors' role."""
    settings = DatabaseSettings(dsn=SecretStr(dsn))
    async with open_pool(settings, service="processor") as pool, Notifier(pool=pool) as notifier:
        yield Storyteller(owner=owner, pool=pool, notifier=notifier)


async def pace(started: float, turn: int, *, rate: float) -> None:
    """Wait until a turn is due: so many a second since the start, by `time.perf_counter`."""
    await asyncio.sleep(max(started + turn / rate - time.perf_counter(), 0))


def path_of(claim: Claim) -> str:
    """Where its feed is watched."""
    return f"/v1/tasks/{claim.task}/events"
