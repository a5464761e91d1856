"""/v1/tasks/{id}/result and its artifacts."""

import json
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import Pool
from common.queries import load_query
from common.storage import Storage
from gateway.blob_response import Download, blob_response
from gateway.caller import tenant_of
from gateway.conditional import is_known, not_modified, versioned
from gateway.errors import NotFoundError
from gateway.json_text import json_bytes
from gateway.large_answer import SMALL_BYTES
from gateway.paths import artifact_path, not_found, path_id
from gateway.results import NOTHING, Results, say_why_none
from gateway.task_view import Row

LIST_ARTIFACTS: Final = load_query("gateway", "list_artifacts")
SELECT_ARTIFACT: Final = load_query("gateway", "select_artifact")
MOST_NAMED: Final = 20


class ResultRoutes:
    """Shows what came out of a task."""

    def __init__(self, *, pool: Pool, storage: Storage, results: Results) -> None:
        self._pool = pool
        self._results = results
        self._storage = storage

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks/{id}/result", self._result, methods=["GET"]),
            Route("/v1/tasks/{id}/artifacts", self._artifacts, methods=["GET"]),
            Route("/v1/tasks/{id}/artifacts/{name:path}", self._artifact, methods=["GET"]),
        ]

    async def _result(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        most_bytes = NOTHING if request.method == "HEAD" or "if-none-match" in request.headers else SMALL_BYTES
        found = await self._results.find(identity, tenant=tenant_of(request), most_bytes=most_bytes)
        if found is None:
            raise not_found("task")
        if found["bytes"] is None:
            say_why_none(found)
        etag = f'"{found["lease"]}"'
        if is_known(request, etag):
            return not_modified(etag)
        return await self._results.answer(request, identity, found, etag=etag)

    async def _artifacts(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        row = await self._pool.fetchrow(LIST_ARTIFACTS, identity, tenant_of(request))
        if row is None:
            raise not_found("task")
        body = json_bytes({"artifacts": [_shown(entry, task=identity) for entry in json.loads(row["artifacts"])]})
        return versioned(request, body)

    async def _artifact(self, request: Request) -> Response:
        task, name = path_id(request, of="task"), request.path_params["name"]
        row = None
        if "\x00" not in name:
            row = await self._pool.fetchrow(SELECT_ARTIFACT, task, tenant_of(request), name)
        if row is None:
            raise await self._no_artifact(task, tenant=tenant_of(request))
        return await blob_response(Download(**row), request=request, storage=self._storage)

    async def _no_artifact(self, task: UUID, *, tenant: str) -> NotFoundError:
        row = await self._pool.fetchrow(LIST_ARTIFACTS, task, tenant)
        if row is None:
            return not_found("task")
        names = [entry["name"] for entry in json.loads(row["artifacts"])]
        listed = ", ".join(names[:MOST_NAMED]) + (f" and {len(names) - MOST_NAMED} more" if names[MOST_NAMED:] else "")
        return NotFoundError(
            "There is no such artifact.", advice=f"The task has {listed}." if names else "The task has none."
        )


def _shown(entry: Row, *, task: UUID) -> dict[str, object]:
    return {**entry, "urls": {"self": artifact_path(task, entry["name"])}}
