"""The cookie of a browser that logged in.

Over HTTPS it has the prefix `__Host-`: no other host can set it, nor anybody without encryption, so nobody can make a
browser work in a session of theirs. That holds as long as no other name is taken there. The gateway itself speaks HTTP
alone; that a proxy speaks HTTPS with the browser is told by the proxy, if it is trusted, or by the browser: in the
`Origin` of what changes something, and by `Sec-Fetch-Site`, which it sends to HTTPS and to its own machine and nowhere
else.
"""

from typing import Final

from starlette.datastructures import Headers
from starlette.types import Scope

from gateway.header import header
from gateway.hosts import host_name
from gateway.settings import is_loopback

PLAIN: Final = "sundog"
SECURE: Final = "__Host-sundog"
LONGEST: Final = 8 << 10  # of all cookies together


def cookie_sent(scope: Scope) -> str | None:
    """What a browser's cookie holds; None if none came that counts here."""
    sent = "; ".join(Headers(scope=scope).getlist("cookie"))
    if not sent or len(sent) > LONGEST:
        return None
    # Others on this host set cookies too, and not all keep to the grammar; ours is one of ours all the same.
    pairs = [pair.partition("=") for pair in sent.split(";")]
    cookies = {name.strip(): value.strip() for name, _, value in pairs}
    return cookies.get(SECURE) or (None if is_encrypted(scope) else cookies.get(PLAIN))


def cookie_set(scope: Scope, text: str, *, kept_s: float) -> str:
    """The header that gives a browser its cookie."""
    name = SECURE if is_encrypted(scope) else PLAIN
    return _line(name, text, kept_s=int(kept_s))


def cookies_ended() -> list[tuple[bytes, bytes]]:
    """The headers that take it away, whatever its name."""
    return [(b"set-cookie", _line(name, "", kept_s=0).encode()) for name in (PLAIN, SECURE)]


def is_encrypted(scope: Scope) -> bool:
    """Whether a browser reached us over HTTPS, as far as anybody tells."""
    if scope["scheme"] == "https" or (header(scope, b"origin") or "").lower().startswith("https://"):
        return True
    name = host_name(header(scope, b"host") or "")
    is_own_machine = is_loopback(name) or name.endswith(".localhost")
    return not is_own_machine and header(scope, b"sec-fetch-site") is not None


def _line(name: str, text: str, *, kept_s: int) -> str:
    secure = "; Secure" if name == SECURE else ""
    return f"{name}={text}; Path=/; Max-Age={kept_s}; HttpOnly; SameSite=Strict{secure}"
