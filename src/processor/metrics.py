"""A processor's figures, for Prometheus: on a port and in a thread of their own, since there is no web server."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Gauge, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from common.database import Pool
from common.errors import ConfigurationError
from common.notifier import Notifier
from common.pool_metrics import PoolMetrics
from processor.claimer import Claimer
from processor.slots import Slots

log = logging.getLogger(__name__)


class WorkMetrics(Collector):
    """How much runs here, and how it ended.

    Args:
        slots: the processor's.
        claimer: the processor's.
    """

    def __init__(self, *, slots: Slots, claimer: Claimer) -> None:
        self._slots = slots
        self._claimer = claimer

    def collect(self) -> Iterator[Metric]:
        """The figures of now. Called from another thread: it copies what changes before it looks at it."""
        yield GaugeMetricFamily("sundog_slots", "Analyses that may run at the same time.", self._slots.places)
        yield GaugeMetricFamily("sundog_slots_used", "Analyses that run.", self._slots.used)
        yield CounterMetricFamily("sundog_tasks_claimed", "Tasks that were claimed.", self._claimer.claimed)
        ended = CounterMetricFamily(
            "sundog_attempts_ended",
            "Attempts that ended, by how; `lease_lost`: another may go on.",
            labels=["kind", "outcome"],
        )
        for (kind, outcome), number in list(self._claimer.ended.items()):
            ended.add_metric([kind, outcome], number)
        yield ended


def fill(registry: CollectorRegistry, *, pool: Pool, notifier: Notifier, slots: Slots, claimer: Claimer) -> None:
    """Add all figures of a processor."""
    registry.register(WorkMetrics(slots=slots, claimer=claimer))
    registry.register(PoolMetrics(pool=pool, notifier=notifier))
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    release = Gauge("sundog_release", "1, labelled with the release that runs.", ["version"], registry=registry)
    release.labels(version("sundog")).set(1)


@contextmanager
def shown(registry: CollectorRegistry, *, host: str, port: int | None) -> Iterator[int | None]:
    """Show figures at http://host:port/metrics while the block lasts; gives the port. None shows them nowhere.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    if port is None:
        yield None
        return
    try:
        server, thread = start_http_server(port, addr=host, registry=registry)
    except OSError as error:
        raise ConfigurationError(
            f"The processor cannot show its figures on {host}:{port}: {error.strerror}.",
            advice="Choose another SUNDOG_PROCESSOR_METRICS_PORT.",
        ) from error
    log.info("figures on port %d", server.server_port)
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
