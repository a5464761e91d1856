"""/openapi.json: what this interface is, for programs that make clients, tests and pages of it."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.conditional import versioned
from gateway.json_text import json_bytes
from gateway.kinds import Catalogue
from gateway.openapi.document import build_document
from gateway.settings import GatewaySettings


class OpenApiRoutes:
    """Shows the document, with the kinds that are on offer now."""

    def __init__(self, *, catalogue: Catalogue, settings: GatewaySettings) -> None:
        self._catalogue = catalogue
        self._is_open = settings.is_open
        self._most = {
            "timeout_s": settings.task_timeout_s_most,
            "memory_mb": settings.task_memory_mb_most,
            "max_attempts": settings.task_attempts_most,
        }

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/openapi.json", self._show, methods=["GET"])]

    async def _show(self, request: Request) -> Response:
        kinds = await self._catalogue.kinds()
        offered = [kind for kind in kinds.values() if kind.processors]
        body = json_bytes(build_document(offered, most=self._most, is_open=self._is_open))
        return versioned(request, body)
