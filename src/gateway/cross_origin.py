"""CORS: which pages of other sites may use this gateway, for their browsers to ask (Fetch standard)."""

from collections.abc import Collection, Mapping
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

METHODS: Final = "GET, HEAD, POST, PUT, DELETE"
# What a page may send beside the few headers that any may.
SENDS: Final = (
    "accept, authorization, content-type, content-digest, idempotency-key, if-none-match, last-event-id, prefer, "
    "range, repr-digest, traceparent, x-request-id"
)
SEES: Final = (
    "accept-ranges, content-disposition, content-range, etag, idempotent-replayed, link, location, preference-applied, "
    "repr-digest, retry-after, x-request-id"
)
REMEMBERED_S: Final = 600


class CrossOrigin:
    """ASGI middleware.

    Args:
        app: what it lets others use.
        origins: whose pages may, such as `https://app.example.org`.
    """

    def __init__(self, app: ASGIApp, *, origins: Collection[str]) -> None:
        self._app = app
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or a browser's question whether it may send one."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        if origin is None or origin not in self._origins:
            await self._app(scope, receive, _Answer(send, origin=None).send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await Response(status_code=204, headers=_preflight(origin))(scope, receive, send)
        else:
            await self._app(scope, receive, _Answer(send, origin=origin).send)


class _Answer:
    """Passes an answer on, with what lets a page of that origin read it; None: of no other origin."""

    __slots__ = ("_origin", "_send")

    def __init__(self, send: Send, *, origin: str | None) -> None:
        self._send = send
        self._origin = origin

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message["headers"]))
            if self._origin is not None:
                headers["access-control-allow-origin"] = self._origin
                headers["access-control-expose-headers"] = SEES
            headers.add_vary_header("origin")
            message = {**message, "headers": headers.raw}
        await self._send(message)


def _preflight(origin: str) -> Mapping[str, str]:
    return {
        "access-control-allow-origin": origin,
        "access-control-allow-methods": METHODS,
        "access-control-allow-headers": SENDS,
        "access-control-max-age": str(REMEMBERED_S),
        "vary": "origin, access-control-request-method, access-control-request-headers",
    }
