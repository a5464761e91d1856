"""The answer that a dashboard gets: like that of a feed, one task and no queue."""

from datetime import datetime
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from gateway.board import Board, Filter
from gateway.boards import Boards
from gateway.stream import outlast, stream_headers
from gateway.streams import Streams
from gateway.wire import Form


class BoardResponse:
    """Streams rows to one dashboard; takes its place when it answers, and gives it back whatever happens."""

    def __init__(self, *, shows: Filter, since: datetime | None, caller: str, boards: Boards, streams: Streams) -> None:
        self._shows = shows
        self._since = since
        self._caller = caller
        self._boards = boards
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            TooManyStreamsError, StreamsFullError: there is no place for another stream.
            One of `TRANSIENT`: Postgres is away.
        """
        start = {"type": "http.response.start", "status": HTTPStatus.OK, "headers": stream_headers(Form.SSE)}
        if scope["method"] == "HEAD":
            await send(start)
            await send({"type": "http.response.body", "body": b""})
            return
        board = Board(
            self._streams.line(scope=scope, send=send),
            shows=self._shows,
            cursor=self._boards.cursor,
            leaves_at=self._streams.leaves_at(comes_back=True),
        )
        with self._streams.admitted(self._caller), self._boards.offering(board):
            await self._boards.fill(board, since=self._since)
            await send(start)
            with self._streams.looked_after(board):
                await outlast(board, receive)
