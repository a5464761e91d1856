"""/v1/tasks/{id}/retry, and /v1/tasks/cancel and /v1/tasks/retry for all tasks that match a filter."""

from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.body import check_no_body
from gateway.bulk import Bulk, Position, Progressed
from gateway.caller import tenant_of
from gateway.deeds import deeds_of
from gateway.errors import QueryInvalidError
from gateway.fixed_route import FixedRoute
from gateway.json_bodies import JsonBodies
from gateway.json_text import json_response
from gateway.later_answers import shown
from gateway.pagination import link_with
from gateway.paths import path_id
from gateway.retries import Retries
from gateway.task_filter import TaskFilter, filter_asked

CANCELLED: Final = ("cancelled", "stopping")
RETRIED: Final = ("queued",)


class CommandRoutes:
    """Retries tasks, and cancels and retries many."""

    def __init__(self, *, retries: Retries, bulk: Bulk, bodies: JsonBodies) -> None:
        self._retries = retries
        self._bulk = bulk
        self._bodies = bodies

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            FixedRoute("/v1/tasks/cancel", self._cancel_all, methods=["POST"]),
            FixedRoute("/v1/tasks/retry", self._retry_all, methods=["POST"]),
            Route("/v1/tasks/{id}/retry", self._retry, methods=["POST"]),
        ]

    async def _retry(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        asked = await self._bodies.read_optional(request, otherwise={})
        row = await self._retries.retry(identity, asked, tenant=tenant_of(request), deeds=deeds_of(request))
        return shown(row, status=HTTPStatus.ACCEPTED)

    async def _cancel_all(self, request: Request) -> Response:
        wanted, start = await _wanted(request), _start(request)
        with deeds_of(request).of_command() as changed:
            done = await self._bulk.cancel(wanted, start=start, tenant=tenant_of(request), tell=changed.add)
        return _answer(request, done, names=CANCELLED)

    async def _retry_all(self, request: Request) -> Response:
        wanted, start = await _wanted(request), _start(request)
        with deeds_of(request).of_command() as changed:
            done = await self._bulk.retry(wanted, start=start, tenant=tenant_of(request), tell=changed.add)
        return _answer(request, done, names=RETRIED)


async def _wanted(request: Request) -> TaskFilter:
    # Whoever sends a filter there means fewer tasks than those that the query names.
    await check_no_body(
        request, says="A command for many tasks has no body.", advice="Filter by the URL's query: ?state=queued."
    )
    wanted = filter_asked(request)
    if wanted == TaskFilter():
        raise QueryInvalidError("Nothing says which tasks.", advice="Filter them, for example by ?state=queued.")
    return wanted


def _start(request: Request) -> Position | None:
    cursor = request.query_params.get("cursor")
    return None if cursor is None else Position.of_cursor(cursor)


def _answer(request: Request, done: Progressed, *, names: tuple[str, ...]) -> Response:
    link = None if done.then is None else link_with(request, cursor=done.then.as_cursor())
    return json_response({**{name: done.counts[name] for name in names}, "next": link})
