"""Requests that two readers could understand in two ways: whoever stands before the gateway may read the other one.

The parser refuses most of them by itself: a length beside chunks, two lengths, lines that end with a bare LF, folded
headers. Here stands what it lets through.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

Headers = Sequence[tuple[bytes, bytes]]  # with names in lower case

HOST: Final = b"host"
TYPE: Final = b"content-type"
CODINGS: Final = b"transfer-encoding"


def ambiguity(target: bytes, headers: Headers, *, version: str) -> str | None:
    """What makes a head ambiguous, as a sentence; None if nothing does (RFC 9112, sections 3.2, 6.1)."""
    names = [name for name, _ in headers]
    hosts = names.count(HOST)
    if hosts != 1 and (hosts or version != "1.0"):
        return "A request is for one host: send one Host header."
    if not target.startswith(b"/") and not _is_for(target, host=dict(headers).get(HOST, b"")):
        return "The request's line names another host than its Host header."
    if names.count(TYPE) > 1:
        return "A body is of one type: send one Content-Type header."
    if CODINGS in names and not _is_chunked(headers):
        return "A body comes in chunks or with its length, and in no other coding."
    return None


def _is_for(target: bytes, *, host: bytes) -> bool:
    """Whether a target that is no path (`http://host/path`, `*`) is for this host."""
    if target == b"*":
        return True
    try:
        return urlsplit(target).netloc.lower() == host.lower()
    except ValueError:
        return False


def _is_chunked(headers: Headers) -> bool:
    return [value.strip().lower() for name, value in headers if name == CODINGS] == [b"chunked"]
