"""The answer that a dashboard gets: like that of a feed, without a task or a queue."""

from datetime import datetime
from functools import partial
from http import HTTPStatus

from starlette.types import Receive, Scope, Send

from gateway.board import Board, Filter
from gateway.boards import Boards
from gateway.stay import Stay
from gateway.stream import stream_headers
from gateway.streams import Streams
from gateway.tap import open_tap
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
        with self._streams.admitted(self._caller):
            board = Board(
                self._streams.line(tap=None, send=send),
                shows=self._shows,
                cursor=self._boards.cursor,
                leaves_at=self._streams.leaves_at(comes_back=True),
            )
            self._boards.add(board)
            try:
                await self._boards.fill(board, since=self._since)
                tap = await open_tap(scope, send, start)
            except BaseException:
                self._boards.remove(board)
                raise
            board.go_by(self._streams.line(tap=tap, send=send))
            leave = partial(self._boards.remove, board)
            stay = Stay(board, caller=self._caller, streams=self._streams, leave=leave, scope=scope)
            await stay.run(tap, receive, is_resumed=self._since is not None)
