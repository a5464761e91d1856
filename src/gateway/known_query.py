"""Refuses what a route does not know in the URL's query.

A parameter that is misspelt must not be passed over: `POST /v1/tasks/cancel?state=queued&tags=nightly` would cancel
every task that waits. Nor must one of two: which was meant? What a route knows is what its operation in the OpenAPI
document declares.
"""

from collections.abc import Collection, Iterable
from typing import Final

from starlette.datastructures import QueryParams
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.errors import QueryInvalidError
from gateway.near_words import LONGEST, did_you_mean
from gateway.openapi.document import OPERATIONS
from gateway.openapi.operation import Operation
from gateway.presented import NO, YES


class KnownQuery:
    """ASGI: lets a request through to a route that knows all of its parameters.

    Args:
        app: the route.
        names: what it knows.
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            QueryInvalidError: it has a parameter that is unknown, or one that comes twice; or `pretty`, which no route
                looks at, says neither yes nor no.
        """
        if scope["query_string"]:
            asked = QueryParams(scope["query_string"]).multi_items()
            check_names([name for name, _ in asked], known=self._names)
            if dict(asked).get("pretty", "") not in {*YES, *NO}:
                raise QueryInvalidError("pretty: must be empty, 1 or true; or 0 or false.")
        await self._app(scope, receive, send)


def check_names(asked: Iterable[str], *, known: Collection[str]) -> None:
    """See that each parameter is known, and comes once.

    Raises:
        QueryInvalidError: one is not, or does not.
    """
    seen: set[str] = set()
    for name in asked:
        if name not in known:
            there_are = f"there {'is' if len(known) == 1 else 'are'} {', '.join(known)}"
            raise QueryInvalidError(
                f"{name[:LONGEST]}: is no parameter here; {there_are}.", advice=did_you_mean(name, known)
            )
        if name in seen:
            raise QueryInvalidError(f"{name}: comes twice.", advice="Say it once: one value counts.")
        seen.add(name)


def check_queries(routes: Iterable[Route]) -> None:
    """Have each of these routes look at its queries, but those of pages: mails and other sites add to their links.

    Raises:
        LookupError: the document does not have one of them.
    """
    for route in routes:
        operation = _operation_of(route)
        if not operation.is_page:
            names = [parameter.name for parameter in operation.parameters if parameter.where == "query"]
            route.app = KnownQuery(route.app, names=names)


def _operation_of(route: Route) -> Operation:
    (method,) = (route.methods or set()) - {"HEAD"}
    found = BY_PLACE.get((method, route.path.replace(":path}", "}")))
    if found is None:
        raise LookupError(f"gateway.openapi does not have {method} {route.path}")
    return found


BY_PLACE: Final = {(operation.method, operation.path): operation for operation in OPERATIONS}
