"""/v1/tasks/{id}/events and /v1/events: what happens, while it happens."""

from datetime import datetime
from typing import Final

from starlette.requests import Request
from starlette.routing import Route

from gateway.accept import preferred
from gateway.board import Filter
from gateway.board_response import BoardResponse
from gateway.boards import Boards
from gateway.caller import place_of, tenant_of
from gateway.errors import NotAcceptableError, QueryInvalidError
from gateway.feed_request import FeedAsked, check_whole, feed_asked
from gateway.handover import Handover
from gateway.header import header_list
from gateway.hub import Hub
from gateway.stream import FeedResponse
from gateway.streams import Streams
from gateway.task_filter import filter_asked
from gateway.wire import Form

LONGEST_CURSOR: Final = 40


class EventRoutes:
    """Streams of one task's feed, and of a dashboard's rows."""

    def __init__(self, *, hub: Hub, boards: Boards, streams: Streams) -> None:
        self._hub = hub
        self._boards = boards
        self._streams = streams

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks/{id}/events", self._feed, methods=["GET"]),
            Route("/v1/events", self._board, methods=["GET"]),
        ]

    async def _feed(self, request: Request) -> Handover:
        asked = feed_asked(request)
        await check_whole(request)

        async def ask() -> FeedAsked:
            return asked

        return Handover(FeedResponse(place_of(request), ask, hub=self._hub, streams=self._streams))

    async def _board(self, request: Request) -> Handover:
        if preferred(header_list(request.scope, b"accept"), [Form.SSE]) is None:
            raise NotAcceptableError("Rows come as an event stream.", advice=f"Accept {Form.SSE}.")
        shows = Filter(tenant=tenant_of(request), wanted=filter_asked(request))
        since = since_asked(request)
        await check_whole(request)
        caller = place_of(request)
        return Handover(
            BoardResponse(shows=shows, since=since, caller=caller, boards=self._boards, streams=self._streams)
        )


def since_asked(request: Request) -> datetime | None:
    """Where a board's stream goes on: the cursor that it gave last.

    Raises:
        QueryInvalidError: it is none of our cursors.
    """
    text = request.headers.get("last-event-id") or request.query_params.get("after")
    if not text:
        return None
    try:
        since = datetime.fromisoformat(text[:LONGEST_CURSOR])
    except ValueError as error:
        raise QueryInvalidError("after: this is no cursor of this stream.") from error
    if since.tzinfo is None:
        raise QueryInvalidError("after: this is no cursor of this stream.")
    return since
