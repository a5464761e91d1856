"""/v1/tasks/batch: asks for many tasks at once."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.fixed_route import FixedRoute
from gateway.intake import Intake
from gateway.json_bodies import JsonBodies
from gateway.taken_response import asker_of, batch_response


class BatchRoutes:
    """Records many tasks, or none."""

    def __init__(self, *, intake: Intake, bodies: JsonBodies) -> None:
        self._intake = intake
        self._bodies = bodies

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [FixedRoute("/v1/tasks/batch", self._post, methods=["POST"])]

    async def _post(self, request: Request) -> Response:
        asker = asker_of(request)
        asked = await self._bodies.read(request)
        return await batch_response(await self._intake.take_batch(asked, asker=asker))
