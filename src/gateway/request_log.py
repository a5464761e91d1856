"""The outermost layer: gives each request an id, logs it when it is answered, and shows the unknown as nothing."""

import logging
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.caller import find_caller
from gateway.errors import InternalError
from gateway.header import header
from gateway.problems import problem_response
from gateway.security_headers import EVERY_ANSWER, POLICY

log = logging.getLogger(__name__)

Answered = Callable[
    [Scope, int, float], None
]  # told of each answer's status when it begins, and after how many seconds

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY_HEADER: Final = b"content-security-policy"
CACHE: Final = b"cache-control"
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLog:
    """ASGI middleware. A request id that the client sends is kept if it is a plain word; queries are never logged."""

    def __init__(self, app: ASGIApp, *, answered: Answered) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        answer = _Answer(send, request_id=request_id, scope=scope, started=started, answered=self._answered)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            log.exception("request failed", extra={"request": request_id})
            if answer.status is not None:
                raise  # too late to say so: the server cuts the connection, lest half an answer pass for a whole
            hidden = InternalError("The gateway could not answer.", advice="Tell the operator this request's id.")
            await problem_response(hidden, scope=scope)(scope, receive, answer.send)
        finally:
            _log_access(scope, status=answer.status, request_id=request_id, seconds=time.perf_counter() - started)


class _Answer:
    """Passes an answer on, with the headers that all have."""

    __slots__ = ("_answered", "_request_id", "_scope", "_send", "_started", "status")

    def __init__(self, send: Send, *, request_id: str, scope: Scope, started: float, answered: Answered) -> None:
        self._send = send
        self._request_id = request_id
        self._scope = scope
        self._started = started
        self._answered = answered
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._answered(self._scope, message["status"], time.perf_counter() - self._started)
            message = {**message, "headers": self._headers(message["headers"])}
        await self._send(message)

    def _headers(self, given: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
        headers = [*given, (b"x-request-id", self._request_id.encode()), *EVERY_ANSWER]
        # Headers of 304 replace those of the page that a browser kept.
        if self.status != HTTPStatus.NOT_MODIFIED and all(name != POLICY_HEADER for name, _ in headers):
            headers.append((POLICY_HEADER, POLICY.encode()))
        caller = find_caller(self._scope)
        if caller is not None and caller.session is not None:
            # A browser that several people use must not show one of them what another saw before logging out.
            headers = [(name, value) for name, value in headers if name != CACHE]
        if all(name != CACHE for name, _ in headers):  # of what has no version: lists, errors, what was made
            headers.append((CACHE, b"no-store"))
        return headers


def _request_id(scope: Scope) -> str:
    sent = header(scope, b"x-request-id")
    return sent if sent is not None and REQUEST_ID.fullmatch(sent) else uuid4().hex


def _log_access(scope: Scope, *, status: int | None, request_id: str, seconds: float) -> None:
    """499 stands for a client that went before the answer."""
    level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
    if not log.isEnabledFor(level):
        return
    log.log(
        level,
        "request",
        extra={
            "request": request_id,
            "method": scope["method"],
            # As it was sent: with its escapes, so that nobody writes lines into the log.
            "path": scope["raw_path"].decode("ascii", "backslashreplace"),
            "status": status or 499,
            "seconds": round(seconds, 4),
        },
    )
