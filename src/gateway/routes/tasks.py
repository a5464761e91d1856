"""/v1/tasks: asks for analyses, shows and cancels them."""

from dataclasses import asdict, replace
from functools import partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.words import FINAL_STATES
from gateway.body import media_type
from gateway.body_coding import check_plain
from gateway.body_digest import checked_stream
from gateway.caller import tenant_of
from gateway.conditional import is_known, not_modified
from gateway.datasets import Datasets
from gateway.deeds import Deed, deeds_of
from gateway.doorkeeper import look_again
from gateway.errors import QueryInvalidError
from gateway.feed_request import form_instead_of_json
from gateway.form import SLACK_BYTES
from gateway.intake import Intake, Taken
from gateway.json_bodies import JsonBodies
from gateway.large_answer import take_room
from gateway.later_answers import Answer, Find, LaterAnswers, shown
from gateway.own_id import own_id
from gateway.pagination import page_asked, page_response
from gateway.paths import not_found, path_id
from gateway.taken_response import asker_of, task_response
from gateway.task_filter import filter_asked
from gateway.task_form import read_task_form
from gateway.task_list import TaskList
from gateway.task_view import Row, task_etag, task_view
from gateway.tasks import Tasks


class TaskRoutes:
    """Records tasks, lists and shows them, cancels them."""

    def __init__(
        self,
        *,
        tasks: Tasks,
        intake: Intake,
        listed: TaskList,
        datasets: Datasets,
        bodies: JsonBodies,
        later: LaterAnswers,
    ) -> None:
        self._tasks = tasks
        self._intake = intake
        self._listed = listed
        self._datasets = datasets
        self._bodies = bodies
        self._later = later

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks", self._list, methods=["GET"]),
            Route("/v1/tasks", self._post, methods=["POST"]),
            Route("/v1/tasks/{id}", self._get, methods=["GET"]),
            Route("/v1/tasks/{id}", self._put, methods=["PUT"]),
            Route("/v1/tasks/{id}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _post(self, request: Request) -> Answer:
        asker = asker_of(request)
        asked = await self._asked(request)

        async def create() -> Row:
            return (await self._intake.take(asked, asker=asker)).rows[0]

        if (form := form_instead_of_json(request)) is not None:
            return self._later.story(request, create, form=form)
        return await self._answer(request, await self._intake.take(asked, asker=asker))

    async def _put(self, request: Request) -> Answer:
        identity, asker = own_id(request.path_params["id"]), asker_of(request)
        asked = await self._asked(request)
        return await self._answer(request, await self._intake.take_as(identity, asked, asker=asker))

    async def _answer(self, request: Request, taken: Taken) -> Answer:
        frame = replace(taken, rows=())  # their params may be large, and the wait long

        def show(row: Row, result: str | None) -> Response:
            return task_response(replace(frame, rows=[row]), result=result)

        find = self._finder(request)
        return await self._later.end(request, taken.rows[0], otherwise=task_response(taken), find=find, show=show)

    def _finder(self, request: Request) -> Find:
        """Finds tasks of whoever asks."""

        async def find(identity: UUID) -> Row:
            row = await self._tasks.find(identity, tenant=tenant_of(request))
            if row is None:
                raise not_found("task")
            return row

        return find

    async def _asked(self, request: Request) -> Any:
        if media_type(request) != "multipart/form-data":
            return await self._bodies.read(request)
        check_plain(request)
        self._datasets.check_length(request.headers.get("content-length"), slack=SLACK_BYTES)
        check = partial(look_again, request.scope)
        taken = self._datasets.arrivals(tenant=tenant_of(request), check=check, deeds=deeds_of(request))
        async with taken as arrivals:
            return await read_task_form(
                checked_stream(request),
                content_type=request.headers["content-type"],
                arrivals=arrivals,
                limit=self._bodies.limit,
            )

    async def _get(self, request: Request) -> Answer:
        find = self._finder(request)
        row = await find(path_id(request, of="task"))
        etag = task_etag(row)
        if is_known(request, etag):
            return self._later.change(request, row, otherwise=not_modified(etag), find=find)
        return shown(row)

    async def _list(self, request: Request) -> Response:
        asked, wanted = page_asked(request), filter_asked(request)
        counted = _count_asked(request)
        room = partial(take_room, request.scope, is_made=False)
        rows, last = await self._listed.page(wanted, asked, tenant=tenant_of(request), room=room)
        more = {"total": asdict(await self._listed.total(wanted, tenant=tenant_of(request)))} if counted else None
        shown_rows = [task_view(row) for row in rows]
        return page_response("tasks", shown_rows, request=request, asked=asked, last=last, more=more)

    async def _cancel(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        done = await self._tasks.cancel([identity], tenant=tenant_of(request))
        deeds_of(request).note(*(Deed(object=each) for each in done.at_once | done.asked))
        row = await self._finder(request)(identity)
        # Accepted means: it has been asked to stop, and will tell when it has.
        ends_later = identity not in done.at_once and row["state"] not in FINAL_STATES
        return shown(row, status=HTTPStatus.ACCEPTED if ends_later else HTTPStatus.OK)


def _count_asked(request: Request) -> bool:
    text = request.query_params.get("count", "0")
    if text not in {"0", "1"}:
        raise QueryInvalidError("count: must be 0 or 1.")
    return text == "1"
