"""Digests that a client sends with its body, compared with what came (RFC 9530)."""

import hashlib
import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import AsyncIterator, Mapping
from typing import Final

from starlette.requests import Request

from gateway.errors import DigestMismatchError, HeaderInvalidError

# A body without Content-Encoding is its own representation, so both say the same here.
HEADERS: Final = (b"content-digest", b"repr-digest")
# Others are told not to be used for this, and may be ignored.
ALGORITHMS: Final[Mapping[str, str]] = {"sha-256": "sha256", "sha-512": "sha512"}
MEMBER: Final = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):\s*(?:;.*)?")


async def checked_stream(request: Request) -> AsyncIterator[bytes]:
    """The body's bytes as they come; raises at their end if they are not those that the client meant.

    Raises:
        HeaderInvalidError: a digest cannot be read; raised before the first byte.
        DigestMismatchError: the bytes have another digest.
    """
    expected = digests_asked(request)
    if not expected:
        async for chunk in request.stream():
            yield chunk
        return
    hashes = {algorithm: hashlib.new(ALGORITHMS[algorithm]) for _, algorithm, _ in expected}
    async for chunk in request.stream():
        for each in hashes.values():
            each.update(chunk)
        yield chunk
    for header, algorithm, digest in expected:
        if hashes[algorithm].digest() != digest:
            raise DigestMismatchError(
                f"The bytes that came do not have the {algorithm} of {header}.", advice="Send them again."
            )


def digests_asked(request: Request) -> list[tuple[str, str, bytes]]:
    """Header, algorithm and digest of each that the client sent and that is known here.

    Raises:
        HeaderInvalidError: one cannot be read.
    """
    return [
        (name.decode(), *member)
        for name, value in request.scope["headers"]
        if name in HEADERS
        for member in _members(name.decode(), value.decode("latin-1"))
    ]


def _members(header: str, value: str) -> list[tuple[str, bytes]]:
    found = []
    for part in value.split(","):
        match = MEMBER.fullmatch(part.strip())
        if match is None:
            raise _unreadable(header)
        if match[1] in ALGORITHMS:
            found.append((match[1], _decoded(header, match[1], match[2])))
    return found


def _decoded(header: str, algorithm: str, text: str) -> bytes:
    try:
        digest = b64decode(text, validate=True)
    except NotBase64 as error:
        raise _unreadable(header) from error
    if len(digest) != hashlib.new(ALGORITHMS[algorithm]).digest_size:
        raise _unreadable(header)
    return digest


def _unreadable(header: str) -> HeaderInvalidError:
    return HeaderInvalidError(
        f"{header}: this is no digest.", advice="Write sha-256=:BASE64: with the 32 bytes of the digest in Base64."
    )
