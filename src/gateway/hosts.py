"""Who may reach the gateway from a browser: Host against DNS rebinding, Origin against the pages of other sites.

A page that somebody visits can send requests to this machine's loopback address. It either does so under a name of its
own that it points here (then Host tells), or openly from its own origin (then Origin tells, since a browser sends it
with every request of another method than GET and HEAD).
"""

import re
from collections.abc import Collection
from ipaddress import IPv6Address
from typing import Final
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from common.database import Pool
from common.errors import ConfigurationError, SundogError
from common.queries import load_query
from gateway.errors import HostRefusedError, OriginRefusedError
from gateway.header import header
from gateway.problems import problem_response
from gateway.settings import LOOPBACK_NAMES, GatewaySettings

HAS_KEYS: Final = load_query("gateway", "has_keys")

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
HEALTH: Final = frozenset({"/healthz", "/readyz"})
HOST: Final = re.compile(r"(?:\[(?P<ipv6>[0-9a-f:.]{2,45})\]|(?P<name>[^:\[\]]*))(?::[0-9]{0,5})?")


class HostCheck:
    """ASGI middleware.

    Args:
        app: what it guards.
        names: host names that are served, as `host_name` gives them; None serves every name.
        origins: other sites whose pages may change something here (gateway.cross_origin).
    """

    def __init__(self, app: ASGIApp, *, names: Collection[str] | None, origins: Collection[str] = ()) -> None:
        self._app = app
        self._names = names
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it."""
        refused = self._refusal(scope) if scope["type"] == "http" else None
        if refused is None:
            await self._app(scope, receive, send)
        else:
            await problem_response(refused, scope=scope)(scope, receive, send)

    def _refusal(self, scope: Scope) -> SundogError | None:
        host = header(scope, b"host")
        if host is None and _is_health_check(scope):
            return None
        if self._names is not None and host_name(host or "") not in self._names:
            return HostRefusedError(
                "This gateway is not reached under this name.", advice="Add it to SUNDOG_GATEWAY_ALLOWED_HOSTS."
            )
        origin = header(scope, b"origin")
        if origin is None or scope["method"] in READING or origin in self._origins:
            return None
        if not host or _place(origin) != host.lower():
            return OriginRefusedError("A page of another site may not change anything here.")
        return None


def _is_health_check(scope: Scope) -> bool:
    """Whether a request without Host is one of a load balancer, which sends it by HTTP/1.0 (haproxy's `httpchk`).

    No browser sends one, and only HTTP/1.0 is let through without (gateway.framing). Even so a proxy may have left it
    out, so that this is for what shows nobody's data: health, and which methods there are.
    """
    return scope["method"] == "OPTIONS" or (scope["method"] in READING and scope["path"] in HEALTH)


def served_names(settings: GatewaySettings) -> Collection[str] | None:
    """The host names that are served, or None for all."""
    if settings.on_loopback:
        return {*LOOPBACK_NAMES, (settings.published or settings.host).lower(), *settings.allowed_hosts}
    return set(settings.allowed_hosts) or None


async def check_exposure(settings: GatewaySettings, *, pool: Pool) -> None:
    """Refuse to serve everybody by accident, and to serve nobody.

    Raises:
        ConfigurationError: the gateway asks for keys, and there are none; or others reach it who need no key, and
            nothing says by which names.
    """
    if settings.is_open and served_names(settings) is None:
        raise ConfigurationError(
            f"The gateway is open to all who reach {settings.published or settings.host}, and nothing says by which "
            "names they do: a web page could reach it by a name of its own, through the browser of one of them.",
            advice="Set SUNDOG_GATEWAY_ALLOWED_HOSTS to the names and addresses that people use, such as "
            "sundog.internal,192.0.2.1; or leave SUNDOG_GATEWAY_OPEN out, so that it asks for keys.",
        )
    if settings.is_open or await pool.fetchval(HAS_KEYS):
        return
    raise ConfigurationError(
        f"The gateway asks everybody for a key, since others can reach {settings.published or settings.host}, and "
        "there are no keys."
        if not settings.on_loopback
        else "The gateway asks everybody for a key, and there are no keys.",
        advice="Make one with `sundog keys create`; or listen on 127.0.0.1; or set SUNDOG_GATEWAY_OPEN=true, and "
        "SUNDOG_GATEWAY_ALLOWED_HOSTS, if only trusted people can reach it.",
    )


def host_name(host: str) -> str:
    """The name in a Host header, as there is one spelling of each; empty if the header is none.

    Lower case, without its port, without the dot at the end of a full name, and of IPv6 without brackets and short.
    """
    match = HOST.fullmatch(host.lower())
    if match is None:
        return ""
    if match["ipv6"] is None:
        return match["name"].removesuffix(".")
    try:
        return str(IPv6Address(match["ipv6"]))
    except ValueError:
        return ""


def _place(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
