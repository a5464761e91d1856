"""Brings back tasks whose processor no longer says that it lives.

Every processor does this for all; there is no leader. One that was away itself, because Postgres was, or because it
was stopped, must not judge the others at once: they may have been away too, and their heartbeats be on the way. It
gives them the time of a few heartbeats.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping

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
BEATS_TO_WAIT = 3


class Rescuer(Periodic):
    """Looks for leases that ran out.

    Args:
        clock: seconds that only grow.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        notifier: Notifier,
        settings: ProcessorSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(interval=settings.rescue_s)
        self._pool = pool
        self._notifier = notifier
        self._settings = settings
        self._clock = clock
        self._seen_at = clock()
        self._not_before = float("-inf")

    async def run_once(self) -> Mapping[TaskState, int]:
        """One round; how many tasks went to which state."""
        await self._pool.execute(PRUNE_PROCESSORS, 10 * self._settings.lease_s)
        now = self._clock()
        if now - self._seen_at > max(self._settings.lease_s / 2, 2 * self._settings.rescue_s):
            self._not_before = now + BEATS_TO_WAIT * self._settings.heartbeat_s
        self._seen_at = now
        if now < self._not_before:
            return Counter()
        rows = await self._pool.fetch(RESCUE_TASKS, self._settings.max_crashes, TASKS_A_ROUND, None)
        self._notifier.feed_moved(row["id"] for row in rows)
        self._notifier.work_arrived(row["kind"] for row in rows if row["state"] == TaskState.QUEUED)
        if rows:
            log.warning("tasks rescued from lost processors", extra={"count": len(rows)})
        return Counter(TaskState(row["state"]) for row in rows)
