"""/v1/tasks: asks for analyses, shows and cancels them."""

import re
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.words import FINAL_STATES
from gateway.body import media_type, read_json
from gateway.conditional import is_known, not_modified
from gateway.datasets import Datasets
from gateway.feed_request import form_instead_of_json
from gateway.form import SLACK_BYTES
from gateway.json_text import json_response
from gateway.later_answers import RETRY_AFTER, Answer, LaterAnswers, shown
from gateway.pagination import page_asked, page_response
from gateway.paths import TENANT, not_found, path_id, task_path
from gateway.submission import Admission
from gateway.task_filter import kind_asked, state_asked
from gateway.task_form import read_task_form
from gateway.task_view import Row, task_etag, task_view, task_view_with_attempts
from gateway.tasks import Cancelled, Tasks

# RFC: W3C Trace Context, version 00.
TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


class TaskRoutes:
    """Records tasks, lists and shows them, cancels them."""

    def __init__(
        self, *, tasks: Tasks, admission: Admission, datasets: Datasets, body_limit: int, later: LaterAnswers
    ) -> None:
        self._tasks = tasks
        self._later = later
        self._admission = admission
        self._datasets = datasets
        self._body_limit = body_limit

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks", self._list, methods=["GET"]),
            Route("/v1/tasks", self._post, methods=["POST"]),
            Route("/v1/tasks/{id}", self._get, methods=["GET"]),
            Route("/v1/tasks/{id}/cancel", self._cancel, methods=["POST"]),
        ]

    async def _post(self, request: Request) -> Answer:
        accepted = await self._admission.admit(await self._asked(request))
        trace = request.headers.get("traceparent", "")

        async def create() -> Row:
            return await self._tasks.create(
                accepted, tenant=TENANT, traceparent=trace if TRACEPARENT.fullmatch(trace) else None
            )

        if (form := form_instead_of_json(request)) is not None:
            return self._later.story(request, create, form=form)
        row = await create()
        headers = {"location": task_path(row["id"]), "retry-after": RETRY_AFTER, "etag": task_etag(row)}
        recorded = json_response(task_view_with_attempts(row), status=HTTPStatus.ACCEPTED, headers=headers)
        return self._later.end(request, row, otherwise=recorded, find=self._find)

    async def _find(self, identity: UUID) -> Row:
        row = await self._tasks.find(identity, tenant=TENANT)
        if row is None:
            raise not_found("task")
        return row

    async def _asked(self, request: Request) -> Any:
        if media_type(request) != "multipart/form-data":
            return await read_json(request, limit=self._body_limit)
        self._datasets.check_length(request.headers.get("content-length"), slack=SLACK_BYTES)
        return await read_task_form(
            request.stream(),
            content_type=request.headers["content-type"],
            datasets=self._datasets,
            tenant=TENANT,
            limit=self._body_limit,
        )

    async def _get(self, request: Request) -> Answer:
        row = await self._find(path_id(request, of="task"))
        etag = task_etag(row)
        if is_known(request, etag):
            return self._later.change(request, row, otherwise=not_modified(etag), find=self._find)
        return shown(row)

    async def _list(self, request: Request) -> Response:
        asked = page_asked(request)
        rows = await self._tasks.page(asked, tenant=TENANT, state=state_asked(request), kind=kind_asked(request))
        last: UUID | None = rows[-1]["id"] if len(rows) == asked.limit else None
        return page_response("tasks", [task_view(row) for row in rows], request=request, asked=asked, last=last)

    async def _cancel(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        done = await self._tasks.cancel(identity, tenant=TENANT)
        row = await self._find(identity)
        # Accepted means: it has been asked to stop, and will tell when it has.
        ends_later = done is not Cancelled.AT_ONCE and row["state"] not in FINAL_STATES
        return shown(row, status=HTTPStatus.ACCEPTED if ends_later else HTTPStatus.OK)
