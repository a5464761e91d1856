"""A request's body, read within bounds."""

from typing import Any

from starlette.requests import ClientDisconnect, Request

from common.storage import TooLargeError
from gateway.body_coding import check_plain
from gateway.body_digest import checked_stream, digests_asked
from gateway.errors import BodyInvalidError, MediaTypeError
from gateway.header import header
from gateway.json_text import parse_json
from gateway.tap import has_come


def media_type(request: Request) -> str:
    """The body's media type without its parameters, in lower case; empty if none was sent."""
    return (header(request.scope, b"content-type") or "").partition(";")[0].strip().lower()


def is_json(sent: str) -> bool:
    """Whether a media type is JSON or one of its dialects."""
    return sent == "application/json" or (sent.startswith("application/") and sent.endswith("+json"))


async def read_json(request: Request, *, limit: int) -> Any:
    """The JSON value in the body.

    Raises:
        MediaTypeError: the body is not announced as JSON.
        TooLargeError: it has more than `limit` bytes; no more than those were read.
        BodyInvalidError: it is no JSON.
    """
    check_json(request)
    return parse_json(await read_body(request, limit=limit))


def check_json(request: Request) -> None:
    """See that the body is announced as JSON.

    Raises:
        MediaTypeError: it is not.
    """
    sent = media_type(request)
    if not is_json(sent):
        raise MediaTypeError(
            f"A body {f'of the type {sent[:100]}' if sent else 'without a type'} is not taken here.",
            advice="Send content-type: application/json; curl -d says it is a form unless -H says otherwise.",
        )


async def check_no_body(request: Request, *, says: str, advice: str) -> None:
    """See that all of a request has come, and that this is its head alone.

    Args:
        request: what is read.
        says: what has no body, for a person.
        advice: what to do instead.

    Raises:
        BodyInvalidError: it has a body.
    """
    async for data in request.stream():
        if data:
            raise BodyInvalidError(says, advice=advice)


async def read_body(request: Request, *, limit: int) -> bytes:
    """The body's bytes.

    Raises:
        TooLargeError: there are more than `limit`.
        DigestMismatchError: they are not those that the client meant to send.
        ContentCodingError: they are coded.
    """
    check_plain(request)
    declared = header(request.scope, b"content-length") or "0"
    if declared.isdigit() and int(declared) > limit:
        raise _too_large(limit)
    has_digests = bool(digests_asked(request))
    if has_come(request.scope) and not has_digests:
        whole = await _whole_body(request)
        if len(whole) > limit:
            raise _too_large(limit)
        return whole
    body = bytearray()
    async for chunk in checked_stream(request) if has_digests else request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def _whole_body(request: Request) -> bytes:
    """A body that has come whole, in one message."""
    message = await request.receive()
    if message["type"] == "http.disconnect":
        raise ClientDisconnect
    body: bytes = message["body"]
    return body


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"This body may have {limit} bytes at most.", advice="Hand large data in as a dataset.")
