"""The answer that a dashboard gets. There are few of them, so sse-starlette serves them as it is."""

from contextlib import aclosing
from datetime import datetime

from sse_starlette import EventSourceResponse
from starlette.types import Receive, Scope, Send

from gateway.boards import Boards, Filter
from gateway.settings import StreamSettings
from gateway.streams import Streams


class BoardResponse:
    """Streams rows to one dashboard; takes its place when it answers, and gives it back whatever happens."""

    def __init__(
        self,
        *,
        shows: Filter,
        since: datetime | None,
        caller: str,
        boards: Boards,
        streams: Streams,
        settings: StreamSettings,
    ) -> None:
        self._shows = shows
        self._since = since
        self._caller = caller
        self._boards = boards
        self._streams = streams
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            TooManyStreamsError, StreamsFullError: there is no place for another stream.
        """
        with self._streams.admitted(self._caller), self._boards.watch(self._shows) as board:
            async with aclosing(self._boards.stream(board, since=self._since)) as rows:
                answer = EventSourceResponse(
                    rows, ping=self._settings.heartbeat_s, sep="\n", send_timeout=self._settings.send_timeout_s
                )
                await answer(scope, receive, send)
