"""The short way for the requests that come most often: a script asks for a plain task as JSON, or looks at one.

A request goes through some ten layers. Most of them are there for what most requests do not have: a form in which the
answer is to be shown, a body that is still on its way, a stream to be handed over, a path to be found.
Each costs little, all of them together as much as the task itself. So a request that can be seen from its head to need
none of them goes past them, by the same parts in the same order: who may reach the gateway, who may do this, the route.
Whatever is not as plain as that goes the long way; both give the same answers.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.problems import answer_of
from gateway.tap import has_come

TASKS: Final = "/v1/tasks"
ONE: Final = "/v1/tasks/"
ID_LENGTH: Final = 36
# Method and path of the routes that have one.
ROUTES: Final = (("POST", TASKS), ("GET", ONE + "{id}"))
# These may say anything, since no layer that is left out looks at them.
ANYTHING: Final = frozenset({
    b"host", b"user-agent", b"accept-encoding", b"accept-language", b"content-length", b"authorization", b"traceparent",
    b"tracestate", b"x-request-id", b"idempotency-key", b"x-forwarded-for", b"x-forwarded-proto", b"if-none-match",
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


class ByMethod:
    """ASGI: goes on by the request's method.

    Args:
        apps: one for each that may come.
    """

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self._apps = apps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        await self._apps[scope["method"]](scope, receive, send)


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
        scope["path_params"] = {"id": scope["path"].removeprefix(ONE)} if scope["path"].startswith(ONE) else {}
        answer = await endpoint(Request(scope, receive))
        await answer(scope, receive, send)

    return call


def is_plain(scope: Scope) -> bool:
    """Whether the short way will do."""
    if scope["type"] != "http" or scope["query_string"] or not _is_one_of_them(scope["method"], scope["path"]):
        return False
    if not has_come(scope):
        return False
    names = set()
    for name, value in scope["headers"]:
        if name not in ANYTHING and value not in JUST_THIS.get(name, ()):
            return False
        names.add(name)
    return len(names) == len(scope["headers"]) and (b"content-type" in names) == (scope["method"] == "POST")


def _is_one_of_them(method: str, path: str) -> bool:
    if method == "POST":
        return path == TASKS
    last = path.removeprefix(ONE)
    return method == "GET" and path.startswith(ONE) and len(last) == ID_LENGTH and "/" not in last
