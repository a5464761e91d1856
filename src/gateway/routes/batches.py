"""/v1/tasks/batch: asks for many tasks at once."""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.batch import MOST_TASKS
from gateway.fixed_route import FixedRoute
from gateway.header import header
from gateway.intake import Intake
from gateway.json_bodies import JsonBodies
from gateway.large_answer import take_room
from gateway.taken_response import asker_of, batch_response
from gateway.task_list import ADDED_BYTES


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
        await take_room(request.scope, _answer_bytes(request, asked), is_made=False)
        return await batch_response(await self._intake.take_batch(asked, asker=asker))


def _answer_bytes(request: Request, asked: Any) -> int:
    """How large the answer will be, about: what was said, and what is added to each task; too many are refused."""
    tasks = asked.get("tasks") if isinstance(asked, dict) else None
    count = len(tasks) if isinstance(tasks, list) and len(tasks) <= MOST_TASKS else 0
    said = header(request.scope, b"content-length") or "0"
    return int(said) + ADDED_BYTES * count
