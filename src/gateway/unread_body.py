"""What happens to a request's body that nobody read.

A request may be answered before its body has come: it is too large, its name is wrong, its path is not known. Reading
the rest in order to use the connection again could mean gigabytes, and closing at once resets the connection, so that
the client never sees why. So such a connection is closed, but only after the answer has gone out whole and the client
had a moment to read it and to stop. A small body usually comes with its head; then there is nothing to wait for, and
nothing is left in the way of the next request.
"""

import anyio
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.body_pace import BodyPace
from gateway.header import header
from gateway.tap import has_come

LINGER_S = 2.0
LINGER_BYTES = 4 << 20


class UnreadBody:
    """ASGI middleware: closes the connection of a request that was answered before its body had come.

    Args:
        app: what answers.
        timeout_s: seconds in which something of a body must come that is waited for.
        slowest_bytes_per_s: how slowly it may come on the average, once that time was waited.
    """

    def __init__(self, app: ASGIApp, *, timeout_s: float, slowest_bytes_per_s: float) -> None:
        self._app = app
        self._timeout_s = timeout_s
        self._slowest = slowest_bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and _has_body(scope) and not has_come(scope):
            pace = BodyPace(receive, timeout_s=self._timeout_s, slowest_bytes_per_s=self._slowest)
            exchange = _Exchange(receive, send, pace=pace, expects=_expects(scope))
            await self._app(scope, exchange.receive, exchange.send)
        else:
            await self._app(scope, receive, send)


class _Exchange:
    """Follows the body of one request, and its answer."""

    def __init__(self, receive: Receive, send: Send, *, pace: BodyPace, expects: bool) -> None:
        self._receive = receive
        self._pace = pace
        self._send = send
        self._waits = expects  # for "100 Continue": the client has not begun to send, and must not be told to
        self._unread = True

    async def receive(self) -> Message:
        return self._took(await (self._pace.receive() if self._unread else self._receive()))

    def _took(self, message: Message) -> Message:
        self._waits = False
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        if self._unread and message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            headers["connection"] = "close"
            message = {**message, "headers": headers.raw}
        elif self._unread and not self._waits and not message.get("more_body", False):
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    async def _linger(self) -> None:
        """Take and drop what comes, for a bounded time."""
        left = LINGER_BYTES
        with anyio.move_on_after(LINGER_S):
            while self._unread and left > 0:
                left -= len(self._took(await self._receive()).get("body", b""))


def _has_body(scope: Scope) -> bool:
    return header(scope, b"transfer-encoding") is not None or header(scope, b"content-length") not in {None, "0"}


def _expects(scope: Scope) -> bool:
    """A client of HTTP/1.0 is never told to continue, and does not wait for it."""
    return scope["http_version"] != "1.0" and (header(scope, b"expect") or "").lower() == "100-continue"
