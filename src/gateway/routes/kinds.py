"""/v1/kinds: what can be asked for."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.conditional import versioned
from gateway.errors import NotFoundError
from gateway.json_text import json_bytes
from gateway.kinds import Catalogue, near_kinds


class KindRoutes:
    """Shows the catalogue."""

    def __init__(self, *, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/kinds", self._list, methods=["GET"]),
            Route("/v1/kinds/{name}", self._show, methods=["GET"]),
        ]

    async def _list(self, request: Request) -> Response:
        kinds = await self._catalogue.kinds()
        return _answer(request, {"kinds": [kind.view() for kind in kinds.values() if kind.processors]})

    async def _show(self, request: Request) -> Response:
        kinds = await self._catalogue.kinds()
        name = request.path_params["name"]
        kind = kinds.get(name)
        if kind is None:
            raise NotFoundError("There is no such kind.", advice=near_kinds(name, kinds))
        return _answer(request, kind.view())


def _answer(request: Request, view: Mapping[str, object]) -> Response:
    return versioned(request, json_bytes(view))
