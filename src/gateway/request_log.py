"""The outermost layer: gives each request an id, logs it when it is answered, and shows the unknown as nothing."""

import logging
import os
import re
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from common.tokens import without_tokens
from gateway.caller import find_caller
from gateway.errors import InternalError
from gateway.header import header
from gateway.problems import problem_response
from gateway.security_headers import EVERY_ANSWER, POLICY
from gateway.tap import answer_at_once

log = logging.getLogger(__name__)

Field = tuple[bytes, bytes]
Answered = Callable[
    [Scope, int, float], None
]  # told of each answer's status when it begins, and after how many seconds

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
POLICY_HEADER: Final = b"content-security-policy"
CACHE: Final = b"cache-control"
POLICY_FIELD: Final = (POLICY_HEADER, POLICY.encode())
NO_STORE: Final = (CACHE, b"no-store")
UNSOUND: Final = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
LONGEST_TARGET: Final = 1_000
PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestLog:
    """ASGI middleware. An id that a client sends is kept if it is a plain word and no key; queries are never logged."""

    def __init__(self, app: ASGIApp, *, answered: Answered) -> None:
        self._app = app
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = request_id_of(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        answer = _Answer(send, request_id=request_id, scope=scope, started=started, answered=self._answered)
        try:
            await self._app(scope, receive, answer.send)
        except Exception:
            log.exception("request failed", extra={"request": request_id})
            if answer.is_begun:
                raise  # too late to say so: the server cuts the connection, lest half an answer pass for a whole
            hidden = InternalError("The gateway could not answer.", advice="Tell the operator this request's id.")
            await problem_response(hidden, scope=scope)(scope, receive, answer.send)
        finally:
            _log_access(scope, status=answer.status, request_id=request_id, seconds=time.perf_counter() - started)


class _Answer:
    """Passes an answer on, with the headers that all have; at once, if it is whole."""

    __slots__ = ("_answered", "_held", "_request_id", "_scope", "_send", "_started", "is_begun", "status")

    def __init__(self, send: Send, *, request_id: str, scope: Scope, started: float, answered: Answered) -> None:
        self._send = send
        self._request_id = request_id
        self._scope = scope
        self._started = started
        self._answered = answered
        self.status: int | None = None
        self.is_begun = False
        self._held: Message | None = None  # the head of an answer whose body may be whole

    async def send(self, message: Message) -> None:
        if message["type"] != "http.response.start":
            if self._held is None:
                await self._send(message)
            else:
                held, self._held = self._held, None
                await self._send_held(held, message)
        elif _has_length(message):
            self._held = message
        else:
            await self._send_start(message)

    async def _send_held(self, start: Message, body: Message) -> None:
        if self._is_whole(body) and not _ends_connection(start):
            self._begin(start["status"])
            rest = _rest(*self._headers(start), body.get("body", b""))
            if answer_at_once(self._scope, STATUS_LINE[start["status"]], rest):
                return
        await self._send_start(start)
        await self._send(body)

    async def _send_start(self, start: Message) -> None:
        if not self.is_begun:
            self._begin(start["status"])
        own, common = self._headers(start)
        await self._send({**start, "headers": [*own, *common.fields]})

    def _is_whole(self, body: Message) -> bool:
        """Whether that is all of an answer's body; to HEAD it is not, whose length is that of what GET gives."""
        return not body.get("more_body", False) and self._scope["method"] != "HEAD"

    def _begin(self, status: int) -> None:
        self.is_begun, self.status = True, status
        self._answered(self._scope, status, time.perf_counter() - self._started)

    def _headers(self, start: Message) -> "tuple[list[Field], _Common]":
        """The answer's own headers, and those that it has in common with others."""
        own = [*start["headers"], (b"x-request-id", self._request_id.encode())]
        names = {name for name, _ in own}
        caller = find_caller(self._scope)
        if CACHE in names and caller is not None and caller.session is not None:
            # A browser that several people use must not show one of them what another saw before logging out.
            own = [field for field in own if field[0] != CACHE]
            names.discard(CACHE)
        # Headers of 304 replace those of the page that a browser kept.
        has_policy = start["status"] == HTTPStatus.NOT_MODIFIED or POLICY_HEADER in names
        return own, COMMON[has_policy, CACHE in names]


class _Common:
    """Headers that are the same for many answers.

    Args:
        fields: the headers.
    """

    def __init__(self, *fields: Field) -> None:
        self.fields = fields
        self.lines = _lines(fields)


def _lines(fields: Iterable[Field]) -> bytes:
    """Headers as they go over the wire."""
    return b"".join([b"%b: %b\r\n" % field for field in fields])


# By whether an answer has a policy of its own, and whether it says how long it may be kept. What does not, of which
# there is no version, is not kept: lists, errors, what was made.
COMMON: Final = {
    (False, False): _Common(*EVERY_ANSWER, POLICY_FIELD, NO_STORE),
    (False, True): _Common(*EVERY_ANSWER, POLICY_FIELD),
    (True, False): _Common(*EVERY_ANSWER, NO_STORE),
    (True, True): _Common(*EVERY_ANSWER),
}


def _has_length(start: Message) -> bool:
    return start["status"] not in BODILESS and any(name == b"content-length" for name, _ in start["headers"])


def _ends_connection(start: Message) -> bool:
    """Whether the server has something to do besides writing the answer."""
    return any(name == b"connection" for name, _ in start["headers"])


def _rest(own: list[Field], common: _Common, body: bytes) -> bytes:
    """What follows the status line of a whole answer.

    Raises:
        RuntimeError: its headers would be others to who reads them, or its length is not that of its body.
    """
    if UNSOUND.search(b"".join([part for field in own for part in field])):
        raise RuntimeError("a header has characters that no header may have")
    if [value for name, value in own if name == b"content-length"] != [b"%d" % len(body)]:
        raise RuntimeError("an answer has another length than it says")
    return b"".join((_lines(own), common.lines, b"\r\n", body))


def request_id_of(scope: Scope) -> str:
    """The id that a request says, if it is a plain word and no key; else a new one."""
    sent = header(scope, b"x-request-id") or ""
    is_kept = REQUEST_ID.fullmatch(sent) and without_tokens(sent) == sent
    return sent if is_kept else os.urandom(16).hex()


def _log_access(scope: Scope, *, status: int | None, request_id: str, seconds: float) -> None:
    """499 stands for a client that went before the answer."""
    level = logging.DEBUG if scope["path"] in PROBES else logging.INFO
    if log.isEnabledFor(level):
        _log_request(
            level,
            request=request_id,
            method=scope["method"],
            # As it was sent: with its escapes, so that nobody writes lines into the log.
            path=scope["raw_path"].decode("ascii", "backslashreplace"),
            status=status or 499,
            seconds=round(seconds, 4),
        )


def log_refused(target: bytes, *, status: int, request_id: str) -> None:
    """Log a request that never became one.

    Args:
        target: what came of it; empty if its head broke off before.
        status: of the answer.
        request_id: its id.
    """
    path = target[:LONGEST_TARGET].partition(b"?")[0].decode("ascii", "backslashreplace")
    if log.isEnabledFor(logging.INFO):
        _log_request(logging.INFO, request=request_id, method=None, path=path, status=status, seconds=None)


def _log_request(level: int, **fields: object) -> None:
    # What `log.log` makes of its arguments, without looking for more in them.
    record = logging.LogRecord(log.name, level, "", 0, "request", (), None)
    record.__dict__ |= fields
    log.handle(record)
