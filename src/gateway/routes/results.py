"""/v1/tasks/{id}/result and its artifacts."""

import json
from http import HTTPStatus
from typing import Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import Pool
from common.queries import load_query
from common.storage import Storage
from common.words import TaskState
from gateway.blob_response import Download, blob_response
from gateway.caller import tenant_of
from gateway.conditional import PRIVATE, is_known, not_modified, versioned
from gateway.errors import NotFoundError, ResultGoneError, ResultNotReadyError, TaskCancelledError, TaskFailedError
from gateway.json_text import json_bytes
from gateway.paths import artifact_path, not_found, path_id
from gateway.task_view import Row

SELECT_RESULT: Final = load_query("gateway", "select_result")
LIST_ARTIFACTS: Final = load_query("gateway", "list_artifacts")
SELECT_ARTIFACT: Final = load_query("gateway", "select_artifact")
MOST_NAMED: Final = 20


class ResultRoutes:
    """Shows what came out of a task."""

    def __init__(self, *, pool: Pool, storage: Storage) -> None:
        self._pool = pool
        self._storage = storage

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/tasks/{id}/result", self._result, methods=["GET"]),
            Route("/v1/tasks/{id}/artifacts", self._artifacts, methods=["GET"]),
            Route("/v1/tasks/{id}/artifacts/{name:path}", self._artifact, methods=["GET"]),
        ]

    async def _result(self, request: Request) -> Response:
        row = await self._pool.fetchrow(SELECT_RESULT, path_id(request, of="task"), tenant_of(request))
        if row is None:
            raise not_found("task")
        if row["body"] is None:
            _say_why_none(row)
        etag = f'"{row["lease"]}"'
        if is_known(request, etag):
            return not_modified(etag)
        # As the processor wrote it: no parsing of what may be megabytes.
        return Response(
            row["body"].encode(),
            status_code=HTTPStatus.OK,
            headers={"etag": etag, "cache-control": PRIVATE},
            media_type="application/json",
        )

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


def _say_why_none(row: Row) -> None:
    match TaskState(row["state"]):
        case TaskState.FAILED:
            error = json.loads(row["error"])
            raise TaskFailedError(str(error.get("message")), advice=error.get("advice"), error=error)
        case TaskState.CANCELLED:
            raise TaskCancelledError("The task was cancelled before it had a result.")
        case TaskState.SUCCEEDED:
            raise ResultGoneError("The result of this task is no longer kept.", advice="Ask for the task again.")
        case state:
            raise ResultNotReadyError(f"The task is {state.value}.", advice="Follow its events, or ask again soon.")
