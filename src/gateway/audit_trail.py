"""Notes in the audit what a request changed, when it is answered: what was refused changed nothing."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.access import Grant
from gateway.caller import find_caller
from gateway.doorkeeper import GRANT
from gateway.hosts import READING
from gateway.journal import Entry, Journal, address_of

MADE: Final = "made"  # where a route that makes several things notes their ids
LONGEST_OBJECT: Final = 255
LONGEST_QUERY: Final = 1_000


class AuditTrail:
    """ASGI middleware. What only reads passes it untouched."""

    def __init__(self, app: ASGIApp, *, journal: Journal) -> None:
        self._app = app
        self._journal = journal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return

        async def noted(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] < HTTPStatus.BAD_REQUEST:
                self._note(scope, Headers(raw=message["headers"]))
            await send(message)

        await self._app(scope, receive, noted)

    def _note(self, scope: Scope, answer: Headers) -> None:
        grant: Grant | None = scope["state"].get(GRANT)
        caller = find_caller(scope)
        if grant is None or grant.action is None or caller is None:
            return
        self._journal.note(
            Entry(
                action=grant.action,
                tenant=caller.tenant,
                actor=caller.key,
                name=caller.name,
                object=_object(scope, answer),
                request=scope["state"].get("request_id"),
                address=address_of(scope),
                detail=_detail(scope),
            )
        )


def _object(scope: Scope, answer: Headers) -> str | None:
    place = answer.get("location")
    named = scope.get("path_params", {}).get("id") if place is None else place.rpartition("/")[2]
    return None if named is None else str(named)[:LONGEST_OBJECT]


def _detail(scope: Scope) -> dict[str, object]:
    made = scope["state"].get(MADE)
    if made is not None:
        return {"made": made}
    query = scope.get("query_string", b"").decode("ascii", "backslashreplace")
    return {"query": query[:LONGEST_QUERY]} if query else {}
