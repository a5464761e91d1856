"""/v1/processors: who does the work."""

from datetime import timedelta
from typing import Final

import asyncpg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import Pool
from common.queries import load_query
from gateway.caller import tenant_of
from gateway.json_text import instant, json_response

LIST_PROCESSORS: Final = load_query("gateway", "list_processors")


class ProcessorRoutes:
    """Shows the living processors.

    Args:
        pool: of the gateway's database role.
        fresh_s: seconds since its last heartbeat for which one counts as alive.
    """

    def __init__(self, *, pool: Pool, fresh_s: float) -> None:
        self._pool = pool
        self._fresh = timedelta(seconds=fresh_s)

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/v1/processors", self._list, methods=["GET"])]

    async def _list(self, request: Request) -> Response:
        rows = await self._pool.fetch(LIST_PROCESSORS, self._fresh, tenant_of(request))
        return json_response({"processors": [_shown(row) for row in rows]})


def _shown(row: asyncpg.Record) -> dict[str, object]:
    plain = ("name", "version", "slots", "running", "kinds", "confinement", "stopping")
    return {
        "id": str(row["id"]),
        **{name: row[name] for name in plain},
        "started_at": instant(row["started_at"]),
        "heartbeat_at": instant(row["heartbeat_at"]),
    }
