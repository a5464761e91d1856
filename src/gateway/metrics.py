"""All of the gateway's figures, for Prometheus."""

from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from common.database import Pool
from common.notifier import Notifier
from common.pool_metrics import PoolMetrics
from gateway.delivery_metrics import DeliveryMetrics
from gateway.live import Live
from gateway.queue_metrics import QueueMetrics
from gateway.request_metrics import RequestMetrics

FRESH_S = 5.0


class Metrics:
    """A registry of its own, so that two gateways in one process do not share figures.

    Args:
        pool: of the gateway's database role.
        notifier: the gateway's.
        live: its delivery.
        timeout_s: for how long Postgres is waited for.
    """

    def __init__(self, *, pool: Pool, notifier: Notifier, live: Live, timeout_s: float) -> None:
        self._registry = CollectorRegistry()
        self.requests = RequestMetrics(registry=self._registry)
        self._queue = QueueMetrics(pool=pool, fresh_s=FRESH_S, timeout_s=timeout_s)
        for collector in (
            self._queue,
            DeliveryMetrics(figures=live.figures),
            PoolMetrics(pool=pool, notifier=notifier),
        ):
            self._registry.register(collector)
        ProcessCollector(registry=self._registry)
        PlatformCollector(registry=self._registry)
        release = Gauge(
            "sundog_release", "1, labelled with the release that runs.", ["version"], registry=self._registry
        )
        release.labels(version("sundog")).set(1)

    async def text(self) -> bytes:
        """All figures, in Prometheus' text format."""
        await self._queue.look()
        return generate_latest(self._registry)
