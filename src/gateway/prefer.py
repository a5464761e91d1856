"""What a client would like, if it can be had (RFC 7240)."""

import re
from typing import Final

from starlette.requests import Request

WAIT: Final = re.compile(r'\s*wait\s*=\s*"?([0-9]{1,9})"?\s*(?:;.*)?', re.IGNORECASE)
APPLIED: Final = {"preference-applied": "wait"}


def wait_asked(request: Request, *, most: float) -> float | None:
    """The seconds that the client would wait for an answer, `most` at most; None if it did not say."""
    for name, value in request.scope["headers"]:
        for part in value.decode("latin-1").split(",") if name == b"prefer" else ():
            if found := WAIT.fullmatch(part):
                return min(float(found[1]), most)
    return None
