"""Running tasks whose story the test tells, by the statements and the writers of a processor."""

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import anyio
import asyncpg
from pydantic import SecretStr

from common.database import Pool, open_pool
from common.ids import TaskId
from common.notifier import Notifier
from common.settings import DatabaseSettings
from common.words import EventType
from helpers.database import Database, connected
from helpers.factories import a_dataset, a_kind, a_processor, an_event, running_task
from processor.claim import AttemptReport, Claim, Ended, Ending, Failed, Report, Succeeded
from processor.feed_writer import FeedWriter
from processor.settlement import RetryPolicy, settle
from processor.settler import Settler

CLAIM = """
    UPDATE task
    SET state = 'running', lease = lease + 1, lease_until = now() + interval '30 s', processor = $2,
        attempts = attempts + 1, last_seq = last_seq + 1, version = version + 1, error = NULL, finished_at = NULL,
        started_at = coalesce(started_at, now())
    WHERE id = $1 AND state = 'queued'
    RETURNING attempts, lease, last_seq
"""
OPEN_ATTEMPT = """
    INSERT INTO attempt (task, number, lease, processor, processor_name) VALUES ($1, $2, $3, $4, 'processor-1')
"""
MOST_TURNS = 100
POLICY = RetryPolicy(first_s=0.01, most_s=0.01, max_crashes=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storyteller:
    """What a processor writes, without what it runs.

    Attributes:
        owner: a connection that may do everything.
        lost: the attempts whose lease turned out to be lost.
    """

    owner: asyncpg.Connection
    pool: Pool
    notifier: Notifier
    feed: FeedWriter
    settler: Settler
    lost: list[Any]
    _one_at_a_time: anyio.Lock = field(default_factory=anyio.Lock)

    async def running(self) -> Claim:
        """A task that was just claimed: its story has two events."""
        task = await running_task(self.owner)
        claim = claim_of(task.id, lease=task.lease, seq=2)
        self.feed.open(claim)
        return claim

    async def claim(self, task: UUID) -> Claim:
        """Claim a task that waits, as a processor would."""
        async with self._one_at_a_time, self.owner.transaction():
            processor = await a_processor(self.owner)
            row = await self.owner.fetchrow(CLAIM, task, processor)
            assert row is not None
            await self.owner.execute(OPEN_ATTEMPT, task, row["attempts"], row["lease"], processor)
            data = {"processor": "processor-1"}
            await an_event(self.owner, task, "started", attempt=row["attempts"], data=data, seq=row["last_seq"])
        claim = claim_of(task, lease=row["lease"], seq=row["last_seq"])
        self.feed.open(claim)
        self.notifier.feed_moved([task])
        return claim

    async def offer(self) -> UUID:
        """The kind `profile` is on offer, and there is a dataset for it."""
        await a_kind(self.owner)
        await a_processor(self.owner)
        return await a_dataset(self.owner)

    async def tell(self, claim: Claim, *messages: str) -> None:
        """Log lines; they are committed when this returns."""
        for message in messages:
            self.feed.append(claim, EventType.LOG, {"level": "info", "message": message})
        await self.feed.drained(claim)

    async def partial(self, claim: Claim, result: Mapping[str, Any]) -> None:
        """A partial result; it is committed when this returns."""
        self.feed.append(claim, EventType.PARTIAL, {"estimate": True, "result": dict(result)})
        await self.feed.drained(claim)

    def progress(self, claim: Claim, fraction: float) -> None:
        """A progress; it is written when its time comes."""
        self.feed.progress(claim, {"phase": "scan", "fraction": fraction})

    async def succeed(self, claim: Claim) -> None:
        """The end, with a result."""
        await self.end(claim, Succeeded(envelope='{"kind":"profile","data":{}}'))

    async def fail(self, claim: Claim) -> None:
        """The end, with an error."""
        error = {"code": "input_unreadable", "message": "This is no table.", "advice": None}
        await self.end(claim, Failed(error=error, permanent=True))

    async def interrupt(self, claim: Claim) -> None:
        """Give the task back to the queue."""
        await self.end(claim, Ended(reason=Ending.INTERRUPTED))

    async def end(self, claim: Claim, report: Report) -> None:
        """End the attempt."""
        ended = AttemptReport(claim=claim, report=report)
        settlement = settle(ended, policy=POLICY)
        assert settlement is not None
        await self.feed.drained(claim)
        assert await self.settler.settle(ended, settlement)
        self.feed.close(claim)


def claim_of(task: UUID, *, lease: int, seq: int) -> Claim:
    """What a processor that has the lease of a task holds in its hands."""
    return Claim(
        task=TaskId(task),
        lease=lease,
        attempt=1,
        seq=seq,
        failures=0,
        crashes=0,
        tenant="default",
        kind="profile",
        params={},
        inputs=(),
        timeout_s=600,
        memory_mb=2048,
        max_attempts=3,
        low_memory=False,
    )


class LateCommits:
    """A pool whose statements commit some turns of the event loop after they were run, never the same number."""

    def __init__(self, pool: Pool, *, rng: random.Random, most_turns: int) -> None:
        self._pool = pool
        self._rng = rng
        self._most_turns = most_turns

    async def fetch(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self._pool.acquire() as connection, connection.transaction():
            rows: list[asyncpg.Record] = await connection.fetch(query, *arguments)
            for _ in range(self._rng.randrange(self._most_turns)):
                await anyio.lowlevel.checkpoint()
            return rows


@asynccontextmanager
async def storyteller(
    database: Database, *, is_silent: bool = False, late: random.Random | None = None
) -> AsyncIterator[Storyteller]:
    """A storyteller; a silent one sends no hints, a late one commits late."""
    lost: list[Any] = []
    async with AsyncExitStack() as stack:
        owner = await stack.enter_async_context(connected(database.dsn))
        settings = DatabaseSettings(dsn=SecretStr(database.processor_dsn), pool_size=4)
        pool = await stack.enter_async_context(open_pool(settings, service="storyteller"))
        notifier = await stack.enter_async_context(Notifier(pool=pool, is_silent=is_silent))
        written = pool if late is None else cast("Pool", LateCommits(pool, rng=late, most_turns=MOST_TURNS))
        feed = FeedWriter(pool=written, notifier=notifier, on_lost=lost.append, on_refused=lost.append)
        await stack.enter_async_context(feed)
        settler = await stack.enter_async_context(Settler(pool=written, notifier=notifier))
        yield Storyteller(owner=owner, pool=pool, notifier=notifier, feed=feed, settler=settler, lost=lost)
