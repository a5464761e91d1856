"""Removes what has been kept long enough, in batches of some hundred rows: no lock is held for long.

Every processor does this for all, there is no leader: who comes second finds the rows locked and takes others. A feed
may go before its task; then its last event stays, so that a watcher still learns how the task ended. Datasets go when
they have not been handed in for long and no task refers to them any more. The bytes are another matter: see sweeper.py.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from common.database import Pool
from common.lifecycle import Periodic
from common.queries import load_query
from processor.settings import RetentionSettings

log = logging.getLogger(__name__)

TRIM_FEEDS = load_query("processor", "trim_feeds")
REMOVE_TASKS = load_query("processor", "remove_tasks")
LOCK_OLD_DATASETS = load_query("processor", "lock_old_datasets")
REMOVE_UNNEEDED_DATASETS = load_query("processor", "remove_unneeded_datasets")
SWEEP_IDEMPOTENCY_KEYS = load_query("processor", "sweep_idempotency_keys")
PRUNE_AUDIT = load_query("processor", "prune_audit")
EVENTS_A_BATCH = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """How much one round removed."""

    feeds: int
    events: int
    tasks: int
    datasets: int
    keys: int
    audit: int = 0


class Retention(Periodic):
    """Keeps the database from growing for ever."""

    def __init__(self, *, pool: Pool, settings: RetentionSettings) -> None:
        super().__init__(interval=settings.interval_s)
        self._pool = pool
        self._settings = settings
        self._last_dataset: UUID | None = None  # that was looked at; None: begin with the first

    async def run_once(self) -> Removed:
        """One batch of each; where one was full, the next round follows at once."""
        feeds, events = await self._trim_feeds()
        removed = Removed(
            feeds=feeds,
            events=events,
            tasks=await self._remove_tasks(),
            datasets=await self._remove_datasets(),
            keys=_count(await self._pool.execute(SWEEP_IDEMPOTENCY_KEYS, self._settings.batch, None)),
            audit=await self._prune_audit(),
        )
        was_full = feeds and (feeds == self._settings.batch or events >= EVENTS_A_BATCH)
        if (
            was_full
            or self._settings.batch in {removed.tasks, removed.keys, removed.audit}
            or self._last_dataset is not None
        ):
            self.wakeup.ring()
        if removed.tasks or removed.datasets:
            log.info("removed tasks that were kept long enough", extra={"count": removed.tasks})
        return removed

    async def _trim_feeds(self) -> tuple[int, int]:
        """How many feeds were trimmed, and how many events that took."""
        days = [days for days in (self._settings.feed_days, self._settings.task_days) if days]
        if not days:
            return 0, 0
        row = await self._pool.fetchrow(TRIM_FEEDS, _ago(min(days)), self._settings.batch, EVENTS_A_BATCH)
        return (row["feeds"], row["events"]) if row is not None else (0, 0)

    async def _remove_tasks(self) -> int:
        if not self._settings.task_days:
            return 0
        return int(await self._pool.fetchval(REMOVE_TASKS, _ago(self._settings.task_days), self._settings.batch))

    async def _prune_audit(self) -> int:
        if not self._settings.audit_days:
            return 0
        return int(await self._pool.fetchval(PRUNE_AUDIT, _ago(self._settings.audit_days), self._settings.batch))

    async def _remove_datasets(self) -> int:
        """Go on where the round before stopped, and begin anew after the last: many old ones may still be needed."""
        if not self._settings.dataset_days:
            return 0
        before = _ago(self._settings.dataset_days)
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(LOCK_OLD_DATASETS, before, self._last_dataset, self._settings.batch)
            removed = await connection.fetch(REMOVE_UNNEEDED_DATASETS, [row["id"] for row in rows])
        self._last_dataset = rows[-1]["id"] if len(rows) == self._settings.batch else None
        return len(removed)


def _ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def _count(status: str) -> int:
    """The number of rows in what Postgres says of a command, such as `DELETE 3`."""
    return int(status.rpartition(" ")[2])
