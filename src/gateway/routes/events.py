"""/v1/tasks/{id}/events and /v1/events: what happens, while it happens."""

from datetime import datetime

from starlette.requests import Request
from starlette.routing import Route

from gateway.board_response import BoardResponse
from gateway.boards import Boards, Filter
from gateway.errors import QueryInvalidError
from gateway.feed_request import caller_of, feed_asked
from gateway.hub import Hub
from gateway.paths import TENANT
from gateway.settings import StreamSettings
from gateway.stream import FeedResponse
from gateway.streams import Streams
from gateway.task_filter import kind_asked, state_asked


class EventRoutes:
    """Streams of one task's feed, and of a dashboard's rows."""

    def __init__(self, *, hub: Hub, boards: Boards, streams: Streams, settings: StreamSettings) -> None:
        self._hub = hub
        self._boards = boards
        self._streams = streams
        self._settings = settings

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks/{id}/events", self._feed, methods=["GET"]),
            Route("/v1/events", self._board, methods=["GET"]),
        ]

    async def _feed(self, request: Request) -> FeedResponse:
        return FeedResponse(feed_asked(request), hub=self._hub, streams=self._streams)

    async def _board(self, request: Request) -> BoardResponse:
        return BoardResponse(
            shows=Filter(tenant=TENANT, state=state_asked(request), kind=kind_asked(request)),
            since=since_asked(request),
            caller=caller_of(request),
            boards=self._boards,
            streams=self._streams,
            settings=self._settings,
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
        since = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryInvalidError("after: this is no cursor of this stream.") from error
    if since.tzinfo is None:
        raise QueryInvalidError("after: this is no cursor of this stream.")
    return since
