"""JSON answers in the form in which a person reads them: `?pretty` indents them, `Accept: text/plain` makes them lines.

Routes know nothing of it. An answer that nobody asked to have in another form passes unchanged, and so does every
answer that is no JSON, that is a stored file (its digest and its ranges are those of its bytes), or that is so large
that making a form of it would hold up everybody else.
"""

import json
from collections.abc import Callable
from typing import Any, Final

import anyio
from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.accept import preferred
from gateway.header import header_list
from gateway.outline import outline, problem_lines

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
TEXT: Final = "text/plain"
LARGE_BYTES: Final = 64 << 10  # to be done in a thread: others wait for the loop
MOST_AT_ONCE: Final = 2  # of the large ones: each takes some twenty times its size
MOST_BYTES: Final = 1 << 20  # even so: Python reads JSON in one go, about 100 ms for each MiB

# What `?pretty` may say.
YES: Final = ("", "1", "true")
NO: Final = ("0", "false")

Present = Callable[[bytes, str], bytes]


class Presented:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._threads = anyio.CapacityLimiter(MOST_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        present = _asked(scope) if scope["type"] == "http" else None
        if present is None:
            await self._app(scope, receive, send)
        else:
            media_type = TEXT if present is _as_text else None
            answer = _Answer(send, present=present, media_type=media_type, threads=self._threads)
            await self._app(scope, receive, answer.send)


class _Answer:
    """Gathers a JSON answer and sends it in another form."""

    def __init__(self, send: Send, *, present: Present, media_type: str | None, threads: anyio.CapacityLimiter) -> None:
        self._send = send
        self._present = present
        self._media_type = media_type
        self._threads = threads
        self._start: Message | None = None
        self._sent = ""  # the media type of what is gathered
        self._body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = Headers(raw=message["headers"])
            self._sent = headers.get("content-type", "").partition(";")[0]
            if self._sent in {JSON, PROBLEM} and _is_made_here(headers):
                self._start = message
                return
        elif self._start is not None:
            self._body += message.get("body", b"")
            if not message.get("more_body", False):
                await self._finish()
            return
        await self._send(message)

    async def _finish(self) -> None:
        start, self._start = self._start, None
        assert start is not None  # gathered from the beginning
        body = await self._presented() if self._body else b""
        headers = MutableHeaders(raw=list(start["headers"]))
        if body or "content-length" not in headers:
            headers["content-length"] = str(len(body))
        elif headers["content-length"] != "0":
            del headers["content-length"]  # HEAD: nobody knows how long this form would be
        if self._media_type is not None:
            headers["content-type"] = f"{self._media_type}; charset=utf-8"
        if (etag := headers.get("etag", "")).startswith('"'):
            headers["etag"] = f"W/{etag}"  # the same content, in other bytes
        await self._send({**start, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})

    async def _presented(self) -> bytes:
        body, self._body = bytes(self._body), bytearray()  # its client may take long to take the other form
        if len(body) < LARGE_BYTES:
            return self._present(body, self._sent)
        return await anyio.to_thread.run_sync(self._present, body, self._sent, limiter=self._threads)


def _is_made_here(headers: Headers) -> bool:
    """Whether the gateway has written it for this answer, and it is not too large."""
    return "accept-ranges" not in headers and int(headers.get("content-length", MOST_BYTES + 1)) <= MOST_BYTES


def _asked(scope: Scope) -> Present | None:
    """The form that is asked for; None for the one that answers have."""
    accept = header_list(scope, b"accept")
    if accept is not None and TEXT in accept.lower() and preferred(accept, [JSON, TEXT]) == TEXT:
        return _as_text
    if scope["query_string"] and QueryParams(scope["query_string"]).get("pretty") in YES:
        return _indented
    return None


def _as_text(body: bytes, sent: str) -> bytes:
    value: Any = json.loads(body)
    return (problem_lines(value) if sent == PROBLEM else outline(value)).encode("utf-8", "replace")


def _indented(body: bytes, _sent: str) -> bytes:
    return json.dumps(json.loads(body), ensure_ascii=False, indent=2).encode("utf-8", "backslashreplace") + b"\n"
