"""The answer that a watcher gets: an ASGI application of one task, without a queue, a ping task or a task to listen.

sse-starlette has the manners of an event stream (headers that keep proxies and caches from holding it back, heartbeats,
one encoding for all); it keeps them with four tasks a connection. Here a connection costs the one task that it has
anyway, and that only until it has sent what the client missed: from there on the hub writes past it. The headers are
sse-starlette's own.
"""

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from typing import Final

from sse_starlette import EventSourceResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.feed import Feed
from gateway.feed_request import FeedAsked
from gateway.hub import Hub
from gateway.paths import not_found, task_path
from gateway.stay import Stay
from gateway.streams import Streams
from gateway.tap import open_tap
from gateway.watcher import Watcher
from gateway.wire import Form

Headers = list[tuple[bytes, bytes]]

# Without `connection: keep-alive`, which HTTP/1.1 means anyway, and which is wrong where the server is about to close.
_MANNERS: Final[Headers] = [
    header for header in EventSourceResponse(iter(())).raw_headers if header[0] not in {b"content-type", b"connection"}
]


class FeedResponse:
    """Streams one feed to one client.

    It takes its place and opens the feed as an answer, not before, so that both are given back when the answer has
    ended, also if the client left before the first byte. Errors before that byte are answered as problems.

    Args:
        caller: whom the stream is counted for.
        ask: what is asked; called when there is a place, and may record the task first.
        hub: has the feed.
        streams: has the places.
        is_new: the task was recorded by this very request.
    """

    __slots__ = ("_ask", "_caller", "_hub", "_is_new", "_streams")

    def __init__(
        self, caller: str, ask: Callable[[], Awaitable[FeedAsked]], *, hub: Hub, streams: Streams, is_new: bool = False
    ) -> None:
        self._caller = caller
        self._ask = ask
        self._hub = hub
        self._streams = streams
        self._is_new = is_new

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            NotFoundError: the tenant has no such task.
            TooManyStreamsError, StreamsFullError: there is no place for another stream.
            TimeoutError: Postgres is away.
        """
        with self._streams.admitted(self._caller):
            asked = await self._ask()
            async with self._hub.feed(asked.task, at_least=asked.after or 0, is_fresh=not asked.follow) as feed:
                if feed.standing is None or feed.standing.tenant != asked.tenant:
                    raise not_found("task")
                if _is_told(feed, asked):
                    await Response(status_code=HTTPStatus.NO_CONTENT)(scope, receive, send)
                    return
                await self._stream(asked, feed, scope, receive, send)

    def _location(self, asked: FeedAsked) -> Headers:
        return [(b"location", task_path(asked.task).encode())] if self._is_new else []

    async def _stream(self, asked: FeedAsked, feed: Feed, scope: Scope, receive: Receive, send: Send) -> None:
        headers = stream_headers(asked.form, self._location(asked))
        tap = await open_tap(scope, send, {"type": "http.response.start", "status": HTTPStatus.OK, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        watcher = Watcher(
            self._streams.line(tap=tap, send=send),
            feed=feed,
            after=asked.after or 0,
            form=asked.form,
            follow=asked.follow,
            reader=self._hub.reader,
            leaves_at=self._streams.leaves_at(comes_back=asked.comes_back),
        )
        leave = self._hub.watch(feed, watcher)
        stay = Stay(watcher, caller=self._caller, streams=self._streams, leave=leave, scope=scope)
        await stay.run(tap, receive, is_resumed=asked.after is not None)


def _is_told(feed: Feed, asked: FeedAsked) -> bool:
    """Whether the client has the whole story, end included: 204 keeps an EventSource from coming back."""
    return asked.after is not None and asked.after == feed.seq and feed.has_ended


def stream_headers(form: Form, more: Iterable[tuple[bytes, bytes]] = ()) -> Headers:
    """The headers of a stream in a form."""
    return [(b"content-type", f"{form.value}; charset=utf-8".encode()), *_MANNERS, *more]
