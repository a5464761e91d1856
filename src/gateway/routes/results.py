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
from gateway.conditional import PRIVATE, is_known, not_modified, versioned
from gateway.json_text import json_bytes
from gateway.paths import artifact_path, not_found, path_id
from gateway.results import Results, say_why_none
from gateway.task_view import Row

LIST_ARTIFACTS: Final = load_query("gateway", "list_artifacts")
SELECT_ARTIFACT: Final = load_query("gateway", "select_artifact")


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
        found = await self._results.find(identity, tenant=tenant_of(request))
        if found is None:
            raise not_found("task")
        if found["bytes"] is None:
            say_why_none(found)
        etag = f'"{found["lease"]}"'
        if is_known(request, etag):
            return not_modified(etag)
        return self._results.answer(identity, found, headers={"etag": etag, "cache-control": PRIVATE})

    async def _artifacts(self, request: Request) -> Response:
        identity = path_id(request, of="task")
        row = await self._pool.fetchrow(LIST_ARTIFACTS, identity, tenant_of(request))
        if row is None:
            raise not_found("task")
        body = json_bytes({"artifacts": [_shown(entry, task=identity) for entry in json.loads(row["artifacts"])]})
        return versioned(request, body)

    async def _artifact(self, request: Request) -> Response:
        name = request.path_params["name"]
        if "\x00" in name:
            raise not_found("artifact")
        row = await self._pool.fetchrow(SELECT_ARTIFACT, path_id(request, of="task"), tenant_of(request), name)
        if row is None:
            raise not_found("artifact")
        return await blob_response(Download(**row), request=request, storage=self._storage)


def _shown(entry: Row, *, task: UUID) -> dict[str, object]:
    return {**entry, "urls": {"self": artifact_path(task, entry["name"])}}
