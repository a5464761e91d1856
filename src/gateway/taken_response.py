"""The answers to requests for tasks, and what besides the body is read from such requests."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

import anyio
from starlette.requests import Request
from starlette.responses import Response

from common.words import FINAL_STATES
from gateway.batch import TASKS_A_RUN
from gateway.caller import tenant_of
from gateway.deeds import deeds_of
from gateway.header import header
from gateway.idempotency import REPLAYED, key_asked
from gateway.intake import Asker, Taken
from gateway.json_text import json_bytes, json_with
from gateway.later_answers import RETRY_AFTER
from gateway.paths import task_path
from gateway.task_view import Row, task_etag, task_view_with_attempts

# RFC: W3C Trace Context, version 00.
TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


def asker_of(request: Request) -> Asker:
    """Whose request for tasks this is.

    Raises:
        HeaderInvalidError: its key cannot be one.
    """
    trace = header(request.scope, b"traceparent") or ""
    return Asker(
        tenant=tenant_of(request),
        traceparent=trace if TRACEPARENT.fullmatch(trace) else None,
        key=key_asked(request),
        deeds=deeds_of(request),
    )


def task_response(taken: Taken, *, result: str | None = None) -> Response:
    """One task: 202 while it has not ended, else 200; with its result, which is JSON."""
    (row,) = taken.rows
    shown = _shown(row, taken)
    headers = {"location": task_path(str(shown["id"])), "etag": task_etag(row)}
    return _answer(json_with(shown, "result", result) if result else json_bytes(shown), taken, headers)


async def batch_response(taken: Taken) -> Response:
    """Several: 202 while one of them has not ended, else 200."""
    shown = []
    for number, row in enumerate(taken.rows):
        shown.append(_shown(row, taken))
        if number % TASKS_A_RUN == 0:
            await anyio.lowlevel.checkpoint()
    return _answer(json_bytes({"tasks": shown}), taken, {})


def _answer(body: bytes, taken: Taken, headers: dict[str, str]) -> Response:
    if taken.is_replay:
        headers |= REPLAYED
    status = HTTPStatus.OK
    if any(row["state"] not in FINAL_STATES for row in taken.rows):
        headers["retry-after"] = RETRY_AFTER
        status = HTTPStatus.ACCEPTED
    return Response(body, status_code=status, headers=headers, media_type="application/json")


def _shown(row: Row, taken: Taken) -> Mapping[str, object]:
    shown = task_view_with_attempts(row)
    if row["id"] in taken.reused:
        shown["reused"] = True
    return shown
