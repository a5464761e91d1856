"""/v1/stats: how the queue stands."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.caller import tenant_of
from gateway.json_text import json_response
from gateway.stats import Stats


class StatsRoutes:
    """Shows figures about the queue."""

    def __init__(self, *, stats: Stats) -> None:
        self._stats = stats

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/v1/stats", self._get, methods=["GET"])]

    async def _get(self, request: Request) -> Response:
        return json_response(await self._stats.view(tenant=tenant_of(request)))
