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
from gateway.json_text import json_response
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


def task_response(taken: Taken) -> Response:
    """One task: 202 while it has not ended, else 200."""
    (row,) = taken.rows
    shown = _shown(row, taken)
    headers = {"location": task_path(str(shown["id"])), "etag": task_etag(row)}
    return _answer(shown, taken, headers)


async def batch_response(taken: Taken) -> Response:
    """Several: 202 while one of them has not ended, else 200."""
    shown = []
    for number, row in enumerate(taken.rows):
        shown.append(_shown(row, taken))
        if number % TASKS_A_RUN == 0:
            await anyio.lowlevel.checkpoint()
    return _answer({"tasks": shown}, taken, {})


def has_ended(taken: Taken) -> bool:
    """Whether nothing is still to come."""
    return all(row["state"] in FINAL_STATES for row in taken.rows)


def _answer(shown: Mapping[str, object], taken: Taken, headers: dict[str, str]) -> Response:
    if taken.is_replay:
        headers |= REPLAYED
    if has_ended(taken):
        return json_response(shown, status=HTTPStatus.OK, headers=headers)
    headers["retry-after"] = RETRY_AFTER
    return json_response(shown, status=HTTPStatus.ACCEPTED, headers=headers)


def _shown(row: Row, taken: Taken) -> Mapping[str, object]:
    shown = task_view_with_attempts(row)
    if row["id"] in taken.reused:
        shown["reused"] = True
    return shown
