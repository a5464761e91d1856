"""Conditional requests (RFC 9110, section 13): who has the present version is told so, and nothing is sent."""

import hashlib
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from gateway.header import header_list

# To be kept by the browser that asked and by nothing on the way, and shown again only after we were asked.
PRIVATE: Final = "private, no-cache"


def etag_of(body: bytes) -> str:
    """The ETag of an answer that has no version of its own."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_known(request: Request, etag: str) -> bool:
    """Whether the request's If-None-Match names this ETag."""
    sent = header_list(request.scope, b"if-none-match") or ""
    return sent.strip() == "*" or etag in {word.strip().removeprefix("W/") for word in sent.split(",")}


def not_modified(etag: str) -> Response:
    """304: what the client has is still right."""
    return Response(status_code=304, headers={"etag": etag, "cache-control": PRIVATE})


def versioned(request: Request, body: bytes) -> Response:
    """JSON whose version is what it says; 304 if the client has it."""
    etag = etag_of(body)
    if is_known(request, etag):
        return not_modified(etag)
    return Response(body, headers={"etag": etag, "cache-control": PRIVATE}, media_type="application/json")
