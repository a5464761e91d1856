"""Brings back tasks whose processor no longer says that it lives.

Every processor does this for all; there is no leader.
"""

import logging
from collections import Counter
from collections.abc import Mapping

from common.database import Pool
from common.lifecycle import Periodic
from common.notifier import Notifier
from common.queries import load_query
from common.words import TaskState
from processor.settings import ProcessorSettings

log = logging.getLogger(__name__)

RESCUE_TASKS = load_query("processor", "rescue_tasks")
PRUNE_PROCESSORS = load_query("processor", "prune_processors")
TASKS_A_ROUND = 100


class Rescuer(Periodic):
    """Looks for leases that ran out."""

    def __init__(self, *, pool: Pool, notifier: Notifier, settings: ProcessorSettings) -> None:
        super().__init__(interval=settings.rescue_s)
        self._pool = pool
        self._notifier = notifier
        self._settings = settings

    async def run_once(self) -> Mapping[TaskState, int]:
        """One round; how many tasks went to which state."""
        rows = await self._pool.fetch(RESCUE_TASKS, self._settings.max_crashes, TASKS_A_ROUND, None)
        self._notifier.feed_moved(row["id"] for row in rows)
        self._notifier.work_arrived(row["kind"] for row in rows if row["state"] == TaskState.QUEUED)
        await self._pool.execute(PRUNE_PROCESSORS, 10 * self._settings.lease_s)
        if rows:
            log.warning("tasks rescued from lost processors", extra={"count": len(rows)})
        return Counter(TaskState(row["state"]) for row in rows)
