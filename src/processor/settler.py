"""Writes how attempts ended: at once when idle, many in one statement when busy.

While one statement is under way the next reports gather, so the batch grows with the load. What ends right behind a
statement waits some milliseconds for others: a statement for one costs nearly as much as one for twenty.
Where Postgres refuses a batch, because of what a report says, the batch is halved until that report stands alone: its
task fails, and the others are written.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import anyio
import asyncpg
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.compact_json import compact
from common.database import REFUSED, TRANSIENT, Pool
from common.ids import TaskId
from common.lifecycle import Service, Wakeup
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from processor.claim import AttemptReport
from processor.settlement import Settlement, unwritable

log = logging.getLogger(__name__)

SETTLE_ATTEMPTS = load_query("processor", "settle_attempts")
ATTEMPTS_A_BATCH = 500
GATHER_S = 0.008
BYTES_A_BATCH = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    ended: AttemptReport
    settlement: Settlement
    progress: str | None
    body: str | None
    written: "asyncio.Future[bool]"


class Settler(Service):
    """Ends attempts in the database.

    Args:
        enough: so many reports wait for no others; 1: none ever does.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier, enough: int = 1) -> None:
        super().__init__()
        self._enough = enough
        self._has_enough = Wakeup()
        self._pool = pool
        self._notifier = notifier
        self._wakeup = Wakeup()
        self._pending: list[_Pending] = []

    async def settle(self, ended: AttemptReport, settlement: Settlement, *, progress: str | None = None) -> bool:
        """Write it; True when it stands in the database, False if the lease was lost and nothing was written.

        Waits as long as Postgres is away.

        Args:
            ended: the attempt.
            settlement: what becomes of its task.
            progress: the last that it told, as JSON, if that is not written yet.
        """
        written: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._pending.append(
            _Pending(ended=ended, settlement=settlement, progress=progress, body=settlement.envelope, written=written)
        )
        self._wakeup.ring()
        if len(self._pending) >= self._enough:
            self._has_enough.ring()
        return await written

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Write until cancelled."""
        ready.started()
        failures = 0
        while True:
            await self._wakeup.wait()
            try:
                while self._pending:
                    await self._settle(self._next_batch())
                    await self._gather()
                failures = 0
            except (*TRANSIENT, asyncpg.PostgresError) as error:
                failures += 1
                log.warning("cannot settle, will try again", extra={"count": failures, "error": repr(error)})
                self._wakeup.ring()
                await anyio.sleep(backoff(failures, first=0.05, most=2.0))

    async def _gather(self) -> None:
        with anyio.move_on_after(GATHER_S):
            while len(self._pending) < self._enough:
                await self._has_enough.wait()

    def _next_batch(self) -> list[_Pending]:
        """The reports that stand first: bounded, and each task once, though two of its attempts may have ended here."""
        batch: dict[TaskId, _Pending] = {}
        size = 0
        for pending in self._pending[:ATTEMPTS_A_BATCH]:
            size += len(pending.body or "")
            task = pending.ended.claim.task
            if task in batch or (batch and size > BYTES_A_BATCH):
                break
            batch[task] = pending
        return list(batch.values())

    async def _settle(self, batch: list[_Pending]) -> None:
        """Write the reports that stand first, and take them off.

        Raises:
            One of `TRANSIENT`, asyncpg.PostgresError: it cannot be written now, whatever it says.
        """
        try:
            await self._write(batch)
        except REFUSED as error:
            if len(batch) > 1:
                await self._settle(batch[: len(batch) // 2])
                await self._settle(batch[len(batch) // 2 :])
                return
            refused = batch[0]
            log.error("Postgres refused a report", extra={"task": refused.ended.claim.task, "code": error.sqlstate})  # noqa: TRY400 - the error's text quotes the result
            await self._write([replace(refused, settlement=unwritable(), progress=None, body=None)])

    async def _write(self, batch: list[_Pending]) -> None:
        rows = await self._pool.fetch(SETTLE_ATTEMPTS, *_columns(batch), *_artifact_columns(batch), None)
        del self._pending[: len(batch)]
        written = {TaskId(row["id"]) for row in rows}
        for pending in batch:
            if not pending.written.done():
                pending.written.set_result(pending.ended.claim.task in written)
        # All of them: the answer to an earlier try may have been lost after its commit.
        self._notifier.feed_moved(pending.ended.claim.task for pending in batch)
        self._notifier.work_arrived(
            pending.ended.claim.kind for pending in batch if pending.settlement.state is TaskState.QUEUED
        )


def _columns(batch: list[_Pending]) -> list[list[Any]]:
    """The parameters $1..$14 of settle_attempts.sql."""
    return [
        [pending.ended.claim.task for pending in batch],
        [pending.ended.claim.lease for pending in batch],
        [pending.settlement.state.value for pending in batch],
        [pending.settlement.outcome.value for pending in batch],
        [pending.settlement.event.value for pending in batch],
        [_json_or_none(pending.settlement.error) for pending in batch],
        [compact(_event_data(pending)) for pending in batch],
        [pending.body for pending in batch],
        [pending.ended.usage.peak_memory_bytes for pending in batch],
        [pending.ended.usage.cpu_seconds for pending in batch],
        [pending.settlement.delay_s for pending in batch],
        [pending.settlement.is_failure for pending in batch],
        [pending.settlement.is_crash for pending in batch],
        [pending.progress for pending in batch],
    ]


def _artifact_columns(batch: list[_Pending]) -> list[list[Any]]:
    """The parameters $15..$19 of settle_attempts.sql."""
    made = [(pending.ended.claim.task, artifact) for pending in batch for artifact in pending.settlement.artifacts]
    return [
        [task for task, _ in made],
        [artifact.name for _, artifact in made],
        [artifact.blob.sha256 for _, artifact in made],
        [artifact.blob.bytes for _, artifact in made],
        [artifact.media_type for _, artifact in made],
    ]


def _event_data(pending: _Pending) -> dict[str, Any]:
    """What the last event of the attempt tells besides its type."""
    settlement = pending.settlement
    if settlement.state is TaskState.SUCCEEDED:
        return {"result_url": f"/v1/tasks/{pending.ended.claim.task}/result"}
    if settlement.error is None:
        return {}
    data: dict[str, Any] = {"outcome": settlement.outcome.value, "error": settlement.error}
    if settlement.state is TaskState.QUEUED:
        data["delay_s"] = round(settlement.delay_s, 3)
    return data


def _json_or_none(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else compact(value)
