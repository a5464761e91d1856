"""/v1/kinds: what can be asked for."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.conditional import PRIVATE, etag_of, is_known, not_modified
from gateway.json_text import json_bytes
from gateway.kinds import Catalogue


class KindRoutes:
    """Shows the catalogue."""

    def __init__(self, *, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/v1/kinds", self._list, methods=["GET"])]

    async def _list(self, request: Request) -> Response:
        kinds = await self._catalogue.kinds()
        body = json_bytes({"kinds": [kind.view() for kind in kinds.values() if kind.processors]})
        etag = etag_of(body)
        if is_known(request, etag):
            return not_modified(etag)
        return Response(body, headers={"etag": etag, "cache-control": PRIVATE}, media_type="application/json")
