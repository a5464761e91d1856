"""How many requests were answered, how, and how soon. By route: a path that somebody made up becomes no series."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from prometheus_client import CollectorRegistry, Histogram
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"})
OTHER: Final = "other"
BOUNDS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class RequestMetrics:
    """Counts answers.

    Args:
        registry: where they are shown.
    """

    def __init__(self, *, registry: CollectorRegistry) -> None:
        self._paths: Mapping[Any, str] = {}
        self._known: dict[tuple[str, str, int], Histogram] = {}
        self._seconds = Histogram(
            "sundog_http_request_seconds",
            "Seconds until an answer began, by route, method and status. A stream begins at once, whatever it lasts.",
            ["route", "method", "status"],
            buckets=BOUNDS_S,
            registry=registry,
        )

    def know(self, routes: Iterable[BaseRoute]) -> None:
        """The routes that have series of their own; everything else is one."""
        self._paths = {
            route.endpoint: route.path.replace(":path}", "}") for route in routes if isinstance(route, Route)
        }

    def answered(self, scope: Scope, status: int, seconds: float) -> None:
        """An answer began."""
        endpoint: Callable[..., object] | None = scope.get("endpoint")
        method = scope["method"] if scope["method"] in METHODS else OTHER
        series = (self._paths.get(endpoint, OTHER), method, status)
        known = self._known.get(series)
        if known is None:  # to find it by its names costs more than to observe
            known = self._known[series] = self._seconds.labels(*series)
        known.observe(seconds)
