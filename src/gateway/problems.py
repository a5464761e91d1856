"""Every error as application/problem+json (RFC 9457): the only place that knows what an error is in HTTP."""

import logging
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

import obstore
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match, Route
from starlette.types import ExceptionHandler, Scope

from common.database import TRANSIENT
from common.errors import ParamsError, SundogError
from gateway.errors import (
    BodyInvalidError,
    ContentCodingError,
    DatabaseUnavailableError,
    InternalError,
    KeyMissingError,
    KeyRefusedError,
    MethodError,
    NotFoundError,
    RangeError,
    StorageUnavailableError,
    TaskFailedError,
)
from gateway.faults import RequestInvalidError
from gateway.fixed_route import FixedRoute
from gateway.json_text import json_response
from gateway.limit_errors import LaterError
from gateway.near_routes import nearest

log = logging.getLogger(__name__)

Handle = Callable[[Request, Exception], Awaitable[Response]]

MEDIA_TYPE: Final = "application/problem+json"


@dataclass(frozen=True, slots=True)
class ProblemType:
    """What a code is in HTTP: its status, its title, and in how many seconds trying again makes sense."""

    status: int
    title: str
    retry_after: int | None = None


# By code; docs/errors.md lists the same, a test compares them.
PROBLEMS: Final[Mapping[str, ProblemType]] = {
    "answers_full": ProblemType(503, "No room for another large answer", retry_after=5),
    "blob_missing": ProblemType(410, "The bytes are gone"),
    "body_invalid": ProblemType(400, "The body cannot be read"),
    "configuration": ProblemType(503, "The gateway does not fit its database", retry_after=5),
    "database_unavailable": ProblemType(503, "The database is away", retry_after=2),
    "dataset_empty": ProblemType(422, "The dataset is empty"),
    "dataset_needed": ProblemType(409, "A task needs the dataset"),
    "dataset_unknown": ProblemType(422, "There is no such dataset"),
    "digest_mismatch": ProblemType(422, "These are other bytes"),
    "head_too_large": ProblemType(431, "The headers are too large"),
    "header_invalid": ProblemType(422, "A header is wrong"),
    "host_refused": ProblemType(421, "Not this gateway's name"),
    "id_invalid": ProblemType(422, "This cannot be a new task's id"),
    "idempotency_key_reused": ProblemType(422, "The key belongs to another request"),
    "inputs_invalid": ProblemType(422, "The inputs are not those of the kind"),
    "internal": ProblemType(500, "Something went wrong in the gateway"),
    "key_missing": ProblemType(401, "Who are you?"),
    "key_refused": ProblemType(401, "This key lets nobody in"),
    "kind_unknown": ProblemType(422, "There is no such kind"),
    "media_type_unsupported": ProblemType(415, "The content type is not taken here"),
    "method_not_allowed": ProblemType(405, "The method is not allowed here"),
    "name_invalid": ProblemType(422, "This cannot be a dataset's name"),
    "not_acceptable": ProblemType(406, "None of the forms is accepted"),
    "not_found": ProblemType(404, "Not found"),
    "not_ready": ProblemType(503, "The gateway is not ready", retry_after=1),
    "origin_refused": ProblemType(403, "Another site may not do this"),
    "params_invalid": ProblemType(422, "A parameter is wrong"),
    "partial_upload": ProblemType(400, "A part is not taken for the whole"),
    "query_invalid": ProblemType(422, "The URL's query is wrong"),
    "queue_full": ProblemType(429, "Too many tasks wait"),
    "range_not_satisfiable": ProblemType(416, "The range lies outside"),
    "request_invalid": ProblemType(422, "The request is wrong"),
    "request_malformed": ProblemType(400, "This is no HTTP"),
    "request_too_slow": ProblemType(408, "The request came too slowly"),
    "result_gone": ProblemType(410, "The result is gone"),
    "result_not_ready": ProblemType(409, "The task has not ended", retry_after=1),
    "role_too_low": ProblemType(403, "Your key is not good for this"),
    "storage_full": ProblemType(507, "The storage is full", retry_after=60),
    "streams_full": ProblemType(503, "No room for another stream", retry_after=2),
    "storage_unavailable": ProblemType(503, "The storage is away", retry_after=2),
    "task_cancelled": ProblemType(409, "The task was cancelled"),
    "task_differs": ProblemType(409, "Another task has this id"),
    "task_failed": ProblemType(409, "The task failed"),
    "task_not_retriable": ProblemType(409, "The task cannot be retried"),
    "too_large": ProblemType(413, "Too large"),
    "too_many_requests": ProblemType(429, "Too many requests"),
    "too_many_streams": ProblemType(429, "Too many streams", retry_after=5),
}


def exception_handlers() -> dict[Any, ExceptionHandler]:
    """What becomes of each error that a route raises; anything else is unknown (see gateway.request_log)."""
    return {
        SundogError: _show,
        HTTPException: _show_http,
        ClientDisconnect: _show_nobody,
        obstore.exceptions.BaseError: _show_storage,
        **dict.fromkeys(TRANSIENT, _show_database),
    }


async def answer_of(error: Exception, *, scope: Scope) -> Response:
    """What is shown of an error that a route raised, where Starlette does not see it.

    Raises:
        Exception: this one, since nobody knows it.
    """
    handle = next((HANDLERS[each] for each in type(error).__mro__ if each in HANDLERS), None)
    if handle is None:
        raise error
    return await handle(Request(scope), error)


def problem_response(error: SundogError, *, scope: Scope) -> Response:
    """The answer that shows an error."""
    kind = PROBLEMS.get(error.code, PROBLEMS["internal"])
    body: dict[str, object] = {
        "type": f"urn:sundog:problem:{error.code}",
        "title": kind.title,
        "status": kind.status,
        "code": error.code,
        "detail": error.message,
        "advice": error.advice,
        "request_id": scope.get("state", {}).get("request_id"),
        **_details(error),
    }
    headers = dict(_headers(error))
    if kind.retry_after is not None:
        headers["retry-after"] = str(kind.retry_after)
    return json_response(body, status=kind.status, headers=headers, media_type=MEDIA_TYPE)


def _details(error: SundogError) -> Mapping[str, object]:
    match error:
        case RequestInvalidError(faults=faults):
            listed = [{"pointer": fault.pointer, "detail": fault.detail} for fault in faults]
            return {"pointer": faults[0].pointer, "errors": listed}
        case ParamsError(pointer=pointer):
            return {"pointer": pointer}
        case TaskFailedError(error=reason):
            return {"error": reason}
        case _:
            return {}


def _headers(error: SundogError) -> Mapping[str, str]:
    match error:
        case RangeError(size=size):
            return {"content-range": f"bytes */{size}"}
        case MethodError(allowed=allowed):
            return {"allow": ", ".join(allowed)}
        case ContentCodingError():
            return {"accept-encoding": "identity"}
        case LaterError(retry_after_s=seconds):
            return {"retry-after": str(seconds)}
        case KeyMissingError() | KeyRefusedError():
            return {"www-authenticate": 'Bearer realm="sundog"'}
        case _:
            return {}


async def _show(request: Request, error: Exception) -> Response:
    assert isinstance(error, SundogError)
    return problem_response(error, scope=request.scope)


async def _show_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    is_for_all = request.scope["path"] == "*"
    if request.method == "OPTIONS" and (is_for_all or error.status_code == HTTPStatus.METHOD_NOT_ALLOWED):
        allowed = _allowed_anywhere(request) if is_for_all else _allowed(request)
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"allow": ", ".join(allowed)})
    return problem_response(_from_http(error, request=request), scope=request.scope)


async def _show_database(request: Request, error: Exception) -> Response:
    log.warning("the database is away", extra={"error": repr(error)})
    away = DatabaseUnavailableError("The database does not answer.", advice="Try again in a few seconds.")
    return problem_response(away, scope=request.scope)


async def _show_storage(request: Request, error: Exception) -> Response:
    log.warning("the storage is away", extra={"error": repr(error)})
    away = StorageUnavailableError("The storage does not answer.", advice="Try again in a few seconds.")
    return problem_response(away, scope=request.scope)


async def _show_nobody(_request: Request, _error: Exception) -> Response:
    """The client has gone in the middle of its request; the server drops this answer."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


def _from_http(error: HTTPException, *, request: Request) -> SundogError:
    match error.status_code:
        case HTTPStatus.NOT_FOUND:
            return NotFoundError("There is nothing at this path.", advice=_near(request))
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return MethodError(request.method, allowed=_allowed(request), deeper=_deeper(request))
        case HTTPStatus.BAD_REQUEST:
            return BodyInvalidError(error.detail)
        case _:
            log.error("an error without a code", extra={"status": error.status_code})
            return InternalError("The gateway could not answer.")


def _allowed(request: Request) -> list[str]:
    """The methods of every route at this path; Starlette names those of the first alone."""
    matching = [route for route in request.app.routes if isinstance(route, Route) and _is_at(route, request.scope)]
    matching = [route for route in matching if isinstance(route, FixedRoute)] or matching
    return _methods(matching)


def _allowed_anywhere(request: Request) -> list[str]:
    return _methods([route for route in request.app.routes if isinstance(route, Route)])


def _methods(routes: Iterable[Route]) -> list[str]:
    return sorted({"OPTIONS"}.union(*(route.methods or () for route in routes)))


def _deeper(request: Request) -> str | None:
    """The route that takes this method with one more segment, such as the name that `curl -T FILE` left out."""
    deeper = re.compile(re.escape(request.url.path) + r"/{\w+}")
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    found = [route.path for route in routes if request.method in (route.methods or ()) and deeper.fullmatch(route.path)]
    return found[0] if found else None


def _near(request: Request) -> str:
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    routes.sort(key=lambda route: request.method not in (route.methods or ()))  # of two alike, the one that serves this
    templates = [route.path.replace(":path}", "}") for route in routes]
    near = nearest(request.url.path, templates)
    if near is None:
        start = "The interface starts at /v1/tasks, /v1/datasets and /v1/kinds"
        return f"{start}; /dashboard/reference.html shows all of it, and /openapi.json to programs."
    return f"Did you mean {near}?"


def _is_at(route: Route, scope: Scope) -> bool:
    match, _ = route.matches(scope)
    return match is not Match.NONE


HANDLERS: Final = cast("Mapping[type, Handle]", exception_handlers())  # all of them take requests
