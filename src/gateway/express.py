"""The short way for the request that comes most often: a plain task as JSON, by a script.

A request goes through some ten layers. Most of them are there for what most requests do not have: a form in which the
answer is to be shown, a body that is still on its way, a stream to be handed over, a path to be found.
Each costs little, all of them together as much as the task itself. So a request that can be seen from its head to need
none of them goes past them, by the same parts in the same order: who may reach the gateway, who may do this, the route.
Whatever is not as plain as that goes the long way; both give the same answers.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problems import answer_of
from gateway.tap import has_come

METHOD: Final = "POST"
PATH: Final = "/v1/tasks"
# These may say anything, since no layer that is left out looks at them.
ANYTHING: Final = frozenset({
    b"host", b"user-agent", b"accept-encoding", b"accept-language", b"content-length", b"authorization", b"traceparent",
    b"tracestate", b"x-request-id", b"idempotency-key", b"x-forwarded-for", b"x-forwarded-proto",
})  # fmt: skip
# These may say what changes nothing.
JUST_THIS: Final = {
    b"content-type": frozenset({b"application/json"}),
    b"accept": frozenset({b"*/*", b"application/json"}),
    b"connection": frozenset({b"keep-alive", b"Keep-Alive"}),
}


class Express:
    """ASGI middleware.

    Args:
        app: the long way.
        short: the short one.
    """

    def __init__(self, app: ASGIApp, *, short: ASGIApp) -> None:
        self._app = app
        self._short = short

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await (self._short if is_plain(scope) else self._app)(scope, receive, send)


class Shown:
    """ASGI: shows errors as they are shown everywhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._app(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - what nobody knows is raised again
            answer = await answer_of(error, scope=scope)
            await answer(scope, receive, send)


def endpoint_of(route: Route) -> ASGIApp:
    """A route's function as an application, past what Starlette does to find it."""
    endpoint: Callable[[Request], Awaitable[ASGIApp]] = route.endpoint

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        scope["endpoint"] = endpoint
        scope["path_params"] = {}
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)

    return call


def is_plain(scope: Scope) -> bool:
    """Whether the short way will do."""
    if scope["type"] != "http" or scope["method"] != METHOD or scope["path"] != PATH or scope["query_string"]:
        return False
    if not has_come(scope):
        return False
    names = set()
    for name, value in scope["headers"]:
        if name not in ANYTHING and value not in JUST_THIS.get(name, ()):
            return False
        names.add(name)
    return len(names) == len(scope["headers"]) and b"content-type" in names
