"""What came out of tasks."""

import json
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response

from common.database import Pool
from common.queries import load_query
from common.words import TaskState
from gateway.conditional import PRIVATE
from gateway.errors import ResultGoneError, ResultNotReadyError, TaskCancelledError, TaskFailedError
from gateway.large_answer import SMALL_BYTES, take_room

SELECT_RESULT: Final = load_query("gateway", "select_result")
SELECT_LARGE_RESULT: Final = load_query("gateway", "select_large_result")

JSON: Final = "application/json"
NOTHING: Final = 0


class Results:
    """The results of all tenants; each call names one.

    Args:
        pool: of the gateway's database role.
    """

    def __init__(self, *, pool: Pool) -> None:
        self._pool = pool

    async def find(self, task: UUID, *, tenant: str, most_bytes: int = SMALL_BYTES) -> Mapping[str, Any] | None:
        """How the task stands (`state`, `error`) and its result: `lease`, `bytes`, and `body` if it is not larger.

        Args:
            task: which.
            tenant: whose.
            most_bytes: of a body that is read already; `NOTHING` where perhaps nobody needs it.

        None if the tenant has no such task.
        """
        row: Mapping[str, Any] | None = await self._pool.fetchrow(SELECT_RESULT, task, tenant, most_bytes)
        return row

    async def answer(self, request: Request, task: UUID, found: Mapping[str, Any], *, etag: str) -> Response:
        """The result that was found, as its processor wrote it: no parsing of what may be megabytes.

        What of it was not read yet is read here, and for HEAD nothing at all.

        Raises:
            AnswersFullError: it is large, and there is no room for it.
            ResultGoneError: it was removed since it was found.
        """
        headers = {"etag": etag, "cache-control": PRIVATE}
        if request.method == "HEAD":
            return Response(headers={**headers, "content-length": str(found["bytes"])}, media_type=JSON)
        if found["body"] is not None:
            return Response(found["body"].encode(), headers=headers, media_type=JSON)
        await take_room(request.scope, found["bytes"], is_made=False)
        body: bytes | None = await self._pool.fetchval(SELECT_LARGE_RESULT, task, found["lease"])
        if body is None:
            raise _gone()
        return Response(body, headers=headers, media_type=JSON)


def say_why_none(found: Mapping[str, Any]) -> None:
    """Raise what is said of a task without a result.

    Raises:
        TaskFailedError, TaskCancelledError, ResultGoneError, ResultNotReadyError: as the task stands.
    """
    match TaskState(found["state"]):
        case TaskState.FAILED:
            error = json.loads(found["error"])
            raise TaskFailedError(str(error.get("message")), advice=error.get("advice"), error=error)
        case TaskState.CANCELLED:
            raise TaskCancelledError("The task was cancelled before it had a result.")
        case TaskState.SUCCEEDED:
            raise _gone()
        case state:
            raise ResultNotReadyError(f"The task is {state.value}.", advice="Follow its events, or ask again soon.")


def _gone() -> ResultGoneError:
    return ResultGoneError("The result of this task is no longer kept.", advice="Ask for the task again.")
