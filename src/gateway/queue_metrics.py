"""How the queue stands, for Prometheus: read from Postgres at most once in a while, however often somebody asks."""

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from common.database import TRANSIENT, Pool
from common.queries import load_query
from common.words import FINAL_STATES

COUNT_BACKLOG: Final = load_query("gateway", "count_backlog")
COUNT_ENDED: Final = load_query("gateway", "count_ended")

LATELY: Final = timedelta(minutes=1)
MOST_KINDS: Final = 100  # series; who may announce kinds may not fill Prometheus' memory


class QueueMetrics(Collector):
    """The figures of the last look. They are the same at every gateway: take the maximum, not the sum.

    Args:
        pool: of the gateway's database role.
        fresh_s: for how long a look is good.
        timeout_s: for how long Postgres is waited for; then there are no figures of the queue.
    """

    def __init__(self, *, pool: Pool, fresh_s: float, timeout_s: float) -> None:
        self._pool = pool
        self._fresh_s = fresh_s
        self._timeout_s = timeout_s
        self._until = 0.0
        self._looking = anyio.Lock()
        self._backlog: Sequence[Mapping[str, Any]] = ()
        self._ended: Sequence[Mapping[str, Any]] = ()

    async def look(self) -> None:
        """See that the figures are fresh; without Postgres there are none."""
        async with self._looking:
            if time.monotonic() < self._until:
                return
            self._backlog = self._ended = ()
            try:
                with anyio.fail_after(self._timeout_s):
                    self._backlog = (await self._pool.fetch(COUNT_BACKLOG))[:MOST_KINDS]
                    self._ended = await self._pool.fetch(COUNT_ENDED, datetime.now(UTC) - LATELY)
            except TRANSIENT:
                return
            self._until = time.monotonic() + self._fresh_s

    def collect(self) -> Iterator[Metric]:
        """The figures of the last look."""
        tasks = GaugeMetricFamily(
            "sundog_queue_tasks", "Tasks that wait or run, counted up to 100,000.", labels=["kind", "state"]
        )
        waits = GaugeMetricFamily(
            "sundog_queue_oldest_seconds", "For how long the task that is due longest has waited.", labels=["kind"]
        )
        for row in self._backlog:
            tasks.add_metric([row["kind"], "queued"], row["queued"])
            tasks.add_metric([row["kind"], "running"], row["running"])
            waits.add_metric([row["kind"]], row["waits_s"] or 0)
        yield from (tasks, waits, self._outcomes())

    def _outcomes(self) -> Metric:
        ended = GaugeMetricFamily(
            "sundog_tasks_ended_last_minute",
            "Tasks that ended in the last minute, counted up to 10,000, by how.",
            labels=["kind", "state"],
        )
        found = {(row["kind"], row["state"]): row["tasks"] for row in self._ended}
        for row in self._backlog:
            for state in sorted(FINAL_STATES):
                ended.add_metric([row["kind"], state], found.get((row["kind"], state), 0))
        return ended
