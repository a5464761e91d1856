"""A request's body, read within bounds."""

from typing import Any, Final

from starlette.requests import ClientDisconnect, Request

from common.storage import TooLargeError
from gateway.body_coding import check_plain
from gateway.body_digest import checked_stream, digests_asked
from gateway.errors import BodyInvalidError, MediaTypeError
from gateway.header import header
from gateway.json_text import parse_json
from gateway.large_answer import take_room
from gateway.tap import has_come

SHOWN_BYTES: Final = 4 << 10  # what an answer says about a task besides what its request said, with much to spare


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
        AnswersFullError: the answer will show it again, and there is no room for that.
    """
    _check_json(request)
    return await _shown_again(request, await read_body(request, limit=limit))


async def read_optional_json(request: Request, *, limit: int, otherwise: Any) -> Any:
    """The JSON value in the body, or `otherwise` if there is no body, whatever type it would have.

    Raises:
        MediaTypeError, TooLargeError, BodyInvalidError, AnswersFullError: as `read_json`.
    """
    body = await read_body(request, limit=limit)
    if not body:
        return otherwise
    _check_json(request)
    return await _shown_again(request, body)


async def _shown_again(request: Request, body: bytes) -> Any:
    """The value of a body that the answer will show again; who finds no room for that is told before it is done."""
    await take_room(request.scope, len(body) + SHOWN_BYTES, is_made=True)
    return parse_json(body)


def _check_json(request: Request) -> None:
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
