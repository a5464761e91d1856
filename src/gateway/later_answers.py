"""What else a request about a task may be answered with: its story as it happens, its end, its next change."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from common.database import TRANSIENT
from common.words import FINAL_STATES
from gateway.caller import place_of, tenant_of
from gateway.conditional import PRIVATE, is_known
from gateway.feed_request import FeedAsked, feed_of_new_task
from gateway.handover import Handover
from gateway.hub import Hub
from gateway.json_text import json_response
from gateway.prefer import wait_asked
from gateway.results import Results
from gateway.stream import FeedResponse
from gateway.streams import Streams
from gateway.task_view import Row, task_etag, task_view_with_attempts
from gateway.waiting import WaitingResponse
from gateway.wire import Form

Answer = Response | Handover | WaitingResponse
Find = Callable[[UUID], Awaitable[Row]]
Show = Callable[[Row, str | None], Response]  # a task that has ended, and its result as JSON

RETRY_AFTER: Final = "1"


class LaterAnswers:
    """Answers that take their time.

    Args:
        hub: has the feeds.
        streams: has the places.
        results: of the tasks that have ended.
        most_s: the longest that an answer may wait.
    """

    def __init__(self, *, hub: Hub, streams: Streams, results: Results, most_s: float) -> None:
        self._hub = hub
        self._streams = streams
        self._results = results
        self._most_s = most_s

    def story(self, request: Request, create: Callable[[], Awaitable[Row]], *, form: Form) -> Handover:
        """Record a task once there is a place for a stream, and stream its feed."""

        async def ask() -> FeedAsked:
            return feed_of_new_task((await create())["id"], tenant=tenant_of(request), form=form)

        stream = FeedResponse(place_of(request), ask, hub=self._hub, streams=self._streams, is_new=True)
        return Handover(stream)

    async def end(self, request: Request, row: Row, *, otherwise: Response, find: Find, show: Show) -> Answer:
        """The task that was just recorded, once it has ended; `otherwise` if the client will not wait so long.

        Its result is in the answer, unless it is large. Whatever goes wrong from here on, the task is recorded, and the
        client must learn its id.
        """
        wait_s = wait_asked(request, most=self._most_s)
        if wait_s is None:
            return otherwise

        identity = row["id"]  # and nothing else of it is kept while it is waited for

        async def look() -> Response | None:
            try:
                found = await find(identity)
                if found["state"] not in FINAL_STATES:
                    return None
                result = await self._results.find(identity, tenant=tenant_of(request))
            except TRANSIENT:
                return None
            return show(found, None if result is None else result["body"])

        if row["state"] in FINAL_STATES:  # an earlier one, whose result will do
            return await look() or otherwise
        return self._waiting(request, row, wait_s, look=look, otherwise=otherwise, needs_end=True)

    def change(self, request: Request, row: Row, *, otherwise: Response, find: Find) -> Answer:
        """The task once it is another than the client knows; `otherwise` if it will not wait so long."""
        wait_s = wait_asked(request, most=self._most_s)
        if wait_s is None:
            return otherwise

        async def look() -> Response | None:
            found = await find(row["id"])
            return None if is_known(request, task_etag(found)) else shown(found)

        return self._waiting(request, row, wait_s, look=look, otherwise=otherwise, needs_end=False)

    def _waiting(
        self,
        request: Request,
        row: Row,
        wait_s: float,
        *,
        look: Callable[[], Awaitable[Response | None]],
        otherwise: Response,
        needs_end: bool,
    ) -> WaitingResponse:
        return WaitingResponse(
            task=row["id"],
            caller=place_of(request),
            wait_s=wait_s,
            look=look,
            otherwise=otherwise,
            needs_end=needs_end,
            hub=self._hub,
            streams=self._streams,
        )


def shown(row: Row, *, status: int = HTTPStatus.OK) -> Response:
    """A task as it is now."""
    headers = {"etag": task_etag(row), "cache-control": PRIVATE}
    if row["state"] not in FINAL_STATES:
        headers["retry-after"] = RETRY_AFTER
    return json_response(task_view_with_attempts(row), status=status, headers=headers)
