"""The answer that a watcher gets: an ASGI application of one task, without a queue, a ping task or a task to listen.

sse-starlette has the manners of an event stream (headers that keep proxies and caches from holding it back, heartbeats,
one encoding for all); it keeps them with four tasks a connection. Here a connection costs the one task that it has
anyway. It sends what the client missed, then sleeps in `receive` until the client has gone, while the hub writes past
it. The headers are sse-starlette's own.
"""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Final

from sse_starlette import EventSourceResponse
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.feed import Feed
from gateway.feed_request import FeedAsked
from gateway.hub import Hub
from gateway.paths import not_found
from gateway.protocol import EXTENSION
from gateway.streams import Streams
from gateway.wire import Form

Headers = list[tuple[bytes, bytes]]

_MANNERS: Final[Headers] = [
    header for header in EventSourceResponse(iter(())).raw_headers if header[0] != b"content-type"
]


class FeedResponse:
    """Streams one feed to one client.

    It takes its place and opens the feed as an answer, not before, so that both are given back when the answer has
    ended, also if the client left before the first byte. Errors before that byte are answered as problems.
    """

    def __init__(self, asked: FeedAsked, *, hub: Hub, streams: Streams) -> None:
        self._asked = asked
        self._hub = hub
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer.

        Raises:
            NotFoundError: the tenant has no such task.
            TooManyStreamsError, StreamsFullError: there is no place for another stream.
        """
        asked = self._asked
        with self._streams.admitted(asked.caller):
            async with self._hub.feed(asked.task) as feed:
                if feed.standing is None or feed.standing.tenant != asked.tenant:
                    raise not_found("task")
                if _is_told(feed, asked):
                    await Response(status_code=HTTPStatus.NO_CONTENT)(scope, receive, send)
                    return
                await send({"type": "http.response.start", "status": 200, "headers": stream_headers(asked.form)})
                if scope["method"] == "HEAD":
                    await send({"type": "http.response.body", "body": b""})
                    return
                await self._stream(feed, scope, receive, send)

    async def _stream(self, feed: Feed, scope: Scope, receive: Receive, send: Send) -> None:
        hangup = scope.get("extensions", {}).get(EXTENSION, {}).get("hang_up", _cannot_hang_up)
        with self._streams.watcher(self._asked, feed=feed, send=send, hangup=hangup) as watcher:
            await watcher.catch_up()
            # uvicorn tells of a disconnect also when the body has ended, whoever ended it.
            while (await receive())["type"] != "http.disconnect":
                pass


def _is_told(feed: Feed, asked: FeedAsked) -> bool:
    """Whether the client has the whole story, end included: 204 keeps an EventSource from coming back."""
    return asked.after is not None and asked.after == feed.seq and feed.has_ended


def stream_headers(form: Form, more: Iterable[tuple[bytes, bytes]] = ()) -> Headers:
    """The headers of a stream in a form."""
    return [(b"content-type", f"{form.value}; charset=utf-8".encode()), *_MANNERS, *more]


def _cannot_hang_up() -> None:
    """A server that is not ours closes the connection when it finds the time."""
