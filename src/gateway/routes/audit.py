"""/v1/audit: who did what."""

import json
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import Pool
from common.queries import load_query
from gateway.caller import caller_of
from gateway.errors import QueryInvalidError, RoleTooLowError
from gateway.json_text import instant
from gateway.pagination import page_asked, page_response
from gateway.task_view import Row

LIST_AUDIT = load_query("gateway", "list_audit")
LIST_AUDIT_OF_NOBODY = load_query("gateway", "list_audit_of_nobody")


class AuditRoutes:
    """Shows the audit to admins: of their own tenant; to operators also what nobody did who is known."""

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [Route("/v1/audit", self._list, methods=["GET"])]

    async def _list(self, request: Request) -> Response:
        asked, caller = page_asked(request), caller_of(request)
        if _of_nobody(request):
            if not caller.is_operator:
                raise RoleTooLowError("What nobody did who is known is shown to operators alone.")
            rows = await self._pool.fetch(LIST_AUDIT_OF_NOBODY, asked.after, asked.limit)
        else:
            rows = await self._pool.fetch(LIST_AUDIT, caller.tenant, asked.after, asked.limit)
        last: UUID | None = rows[-1]["id"] if len(rows) == asked.limit else None
        return page_response("entries", [_shown(row) for row in rows], request=request, asked=asked, last=last)


def _of_nobody(request: Request) -> bool:
    text = request.query_params.get("unknown", "0")
    if text not in {"0", "1"}:
        raise QueryInvalidError("unknown: must be 0 or 1.")
    return text == "1"


def _shown(row: Row) -> dict[str, object]:
    return {
        "id": str(row["id"]),
        "at": instant(row["at"]),
        "actor": row["actor"] and {"key": row["actor"], "name": row["name"]},
        **{name: row[name] for name in ("action", "object", "request", "address")},
        "detail": json.loads(row["detail"]),
    }
