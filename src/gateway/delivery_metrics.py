"""What live delivery does, for Prometheus."""

from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.delivery_figures import DeliveryFigures

# Field of the figures → the metric's name and what it says.
GAUGES: Final = {
    "streams_open": ("sundog_streams_open", "Streams that are open, with the answers that wait for a task."),
    "boards_open": ("sundog_boards_open", "Those of the open streams that show a dashboard's rows."),
    "feeds_watched": ("sundog_feeds_watched", "Tasks whose feeds are kept up to date."),
    "listens": ("sundog_listener_connected", "1 while notifications can be heard."),
}
COUNTERS: Final = {
    "streams_begun": ("sundog_streams_begun", "Streams that began."),
    "streams_resumed": ("sundog_streams_resumed", "Those of them whose client came back with a cursor."),
    "streams_refused": ("sundog_streams_refused", "Requests for a stream for which there was no place."),
    "streams_slowed": ("sundog_streams_slowed", "How often a client did not take its bytes at once."),
    "hints_heard": ("sundog_hints_heard", "Notifications that were heard."),
    "listener_reconnects": ("sundog_listener_reconnects", "How often the listening connection was lost."),
    "reads": ("sundog_feed_reads", "Statements that read feeds."),
    "backstop_looks": ("sundog_backstop_looks", "Looks at all watched feeds without a hint."),
    "missed": ("sundog_hints_missed", "Moves that only such a look found. Should stay 0."),
}


class DeliveryMetrics(Collector):
    """Shows the figures of live delivery.

    Args:
        figures: gives those of now.
    """

    def __init__(self, *, figures: Callable[[], DeliveryFigures]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        """The figures of now."""
        figures = self._figures()
        for field, (name, says) in GAUGES.items():
            yield GaugeMetricFamily(name, says, float(getattr(figures, field)))
        for field, (name, says) in COUNTERS.items():
            yield CounterMetricFamily(name, says, float(getattr(figures, field)))
