"""/metrics, for Prometheus."""

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.metrics import Metrics


class MetricsRoutes:
    """Shows the gateway's figures."""

    def __init__(self, *, metrics: Metrics) -> None:
        self._metrics = metrics

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/metrics", self._show, methods=["GET"])]

    async def _show(self, _request: Request) -> Response:
        return Response(
            await self._metrics.text(), headers={"cache-control": "no-store", "content-type": CONTENT_TYPE_LATEST}
        )
