"""/healthz and /readyz, for whoever starts, watches and balances gateways."""

import anyio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import TRANSIENT, Pool, check_schema
from gateway.errors import NotReadyError
from gateway.json_text import json_response


class HealthRoutes:
    """Alive: the loop turns. Ready: Postgres answers within `timeout_s`, with a schema that this release knows."""

    def __init__(self, *, pool: Pool, timeout_s: float) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/healthz", self._alive, methods=["GET"]), Route("/readyz", self._ready, methods=["GET"])]

    async def _alive(self, _request: Request) -> Response:
        return json_response({"status": "alive"})

    async def _ready(self, _request: Request) -> Response:
        try:
            with anyio.fail_after(self._timeout_s):
                version = await check_schema(self._pool)
        except TRANSIENT as error:
            raise NotReadyError("The database does not answer.", advice="Try again in a few seconds.") from error
        return json_response({"status": "ready", "schema_version": version})
