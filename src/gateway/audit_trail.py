"""Notes in the audit what a request changes, when it is committed (gateway.deeds).

Of a request that tells of no change itself, such as a login, the answer does: what was refused changed nothing.
"""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from common.tokens import without_tokens
from gateway.access import Grant
from gateway.audit_entry import Entry
from gateway.caller import find_caller
from gateway.deeds import Deed, Deeds, set_deeds
from gateway.doorkeeper import GRANT
from gateway.hosts import READING
from gateway.journal import Journal, address_of

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

        deeds = Deeds(lambda deed: self._note(scope, deed))
        set_deeds(scope, deeds)

        async def noted(message: Message) -> None:
            is_start = message["type"] == "http.response.start"
            if is_start and message["status"] < HTTPStatus.BAD_REQUEST and not deeds.are_told:
                deeds.note(Deed(object=_object(scope, Headers(raw=message["headers"]))))
            await send(message)

        await self._app(scope, receive, noted)

    def _note(self, scope: Scope, deed: Deed) -> None:
        grant: Grant | None = scope["state"].get(GRANT)
        caller = find_caller(scope)
        if grant is None or grant.action is None or caller is None:
            return
        self._journal.note(
            Entry(
                action=deed.action or grant.action,
                tenant=caller.tenant,
                actor=caller.key,
                name=caller.name,
                object=None if deed.object is None else without_tokens(str(deed.object))[:LONGEST_OBJECT],
                request=scope["state"].get("request_id"),
                address=address_of(scope),
                detail=_query(scope) | deed.detail,
            )
        )


def _object(scope: Scope, answer: Headers) -> str | None:
    place = answer.get("location")
    named = scope.get("path_params", {}).get("id") if place is None else place.rpartition("/")[2]
    return None if named is None else str(named)


def _query(scope: Scope) -> dict[str, object]:
    query = scope.get("query_string", b"").decode("ascii", "backslashreplace")
    return {"query": without_tokens(query)[:LONGEST_QUERY]} if query else {}
