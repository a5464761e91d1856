"""/v1/kinds: what can be asked for."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.json_text import json_response
from gateway.kinds import Catalogue


class KindRoutes:
    """Shows the catalogue."""

    def __init__(self, *, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/v1/kinds", self._list, methods=["GET"])]

    async def _list(self, _request: Request) -> Response:
        kinds = await self._catalogue.kinds()
        return json_response({"kinds": [kind.view() for kind in kinds.values() if kind.processors]})
