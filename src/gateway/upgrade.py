"""An offer to go on in another protocol (`Upgrade: h2c`, `websocket`), which is not taken: the request stands as it is.

The parser takes every offer for an agreement: behind the head of such a request it looks for no body, and would read
that body, which anybody may write, as the next request. So it is given the head once more, without the offer.
"""

from typing import Final

from gateway.framing import Headers

OFFER: Final = b"upgrade"


def head_without_offer(method: bytes, target: bytes, headers: Headers, *, version: str) -> bytes:
    """A head that has been parsed, as bytes; of `Connection: upgrade` alone the parser makes nothing."""
    kept = [b"%b: %b\r\n" % field for field in headers if field[0] != OFFER]
    return b"".join([b"%b %b HTTP/%b\r\n" % (method, target, version.encode()), *kept, b"\r\n"])
