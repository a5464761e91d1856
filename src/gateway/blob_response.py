"""Bytes of the storage as an answer, whole or one range of them (RFC 9110, section 14)."""

import re
from base64 import b64encode
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from common.storage import Storage
from gateway.conditional import is_known, not_modified
from gateway.errors import RangeError

# One range. Several in one request, and other units, may be ignored: then the whole is sent.
ONE_RANGE: Final = re.compile(r"bytes=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Stored bytes, and what they are called outside."""

    name: str
    sha256: str
    bytes: int
    media_type: str


async def blob_response(download: Download, *, request: Request, storage: Storage) -> Response:
    """The answer to GET or HEAD.

    Raises:
        RangeError: the range that was asked for lies outside.
        BlobMissingError: the storage has lost the bytes.
    """
    etag = f'"{download.sha256}"'
    if is_known(request, etag):
        return not_modified(etag)
    asked = _range_asked(request, etag=etag, size=download.bytes)
    start, end = asked or (0, download.bytes)
    headers = _headers(download, etag=etag) | {"content-length": str(end - start)}
    if asked is not None:
        headers["content-range"] = f"bytes {start}-{end - 1}/{download.bytes}"
    status = HTTPStatus.OK if asked is None else HTTPStatus.PARTIAL_CONTENT
    if request.method == "HEAD" or start == end:
        return Response(status_code=status, headers=headers, media_type=download.media_type)
    chunks = await storage.get(download.sha256, start=start, end=end)
    return StreamingResponse(chunks, status_code=status, headers=headers, media_type=download.media_type)


def _headers(download: Download, *, etag: str) -> dict[str, str]:
    return {
        "etag": etag,
        "repr-digest": f"sha-256=:{b64encode(bytes.fromhex(download.sha256)).decode()}:",
        "accept-ranges": "bytes",
        "cache-control": "private, max-age=31536000, immutable",
        "content-disposition": f"inline; filename*=UTF-8''{quote(download.name, safe='')}",
        # What an analysis made out of somebody's data must not act in the name of this site.
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    }


def _range_asked(request: Request, *, etag: str, size: int) -> tuple[int, int] | None:
    """The asked bytes as (start, end excluded), or None for all."""
    match = ONE_RANGE.fullmatch(request.headers.get("range", ""))
    # Of HEAD a range is none (RFC 9110, section 14.2).
    if match is None or request.method != "GET" or request.headers.get("if-range", etag) != etag:
        return None
    first, last = match.groups()
    if not first and not last:
        return None
    start = int(first) if first else max(0, size - int(last))
    end = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < int(first):
        return None
    if start >= size:
        raise RangeError(f"There are {size} bytes.", size=size)
    return start, end
