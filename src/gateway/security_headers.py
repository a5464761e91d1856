"""What every answer says to browsers: take it for what it is, show it nowhere else, run nothing in it."""

from collections.abc import Mapping
from typing import Final

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
# Of what has none of its own: an answer that a browser shows as a page can do nothing there.
POLICY: Final = "default-src 'none'; frame-ancestors 'none'; sandbox"
# Most answers come in several forms; one header for all of them is simpler to be right about than one for most.
VARY: Final = (b"vary", b"accept")
EVERY_ANSWER: Final = (*((name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()), VARY)
