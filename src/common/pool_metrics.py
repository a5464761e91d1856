"""What a pool of connections, a notifier and a listener do, for Prometheus: the same for both services."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from common.database import Pool
from common.notifier import Notifier


class PoolMetrics(Collector):
    """How much of the pool is in use, and which hints were dropped.

    Args:
        pool: the service's.
        notifier: the service's.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier) -> None:
        self._pool = pool
        self._notifier = notifier

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        connections = GaugeMetricFamily(
            "sundog_pool_connections", "Connections to Postgres, without the one that listens.", labels=["state"]
        )
        idle, size = self._pool.get_idle_size(), self._pool.get_size()
        connections.add_metric(["idle"], idle)
        connections.add_metric(["used"], size - idle)
        yield connections
        yield GaugeMetricFamily(
            "sundog_pool_connections_most", "Connections that there may be at most.", self._pool.get_max_size()
        )
        yield CounterMetricFamily(
            "sundog_hints_dropped",
            "Hints that could not be sent; backstop polls find what they were about.",
            self._notifier.dropped,
        )
