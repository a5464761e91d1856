"""Who asks: found out once a request, before its route runs, and read from it there."""

from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.types import Scope

from common.words import KeyRole

KEY: Final = "caller"
DEFAULT_TENANT: Final = "default"  # of an open gateway; and its admins are those who run the installation


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks, and what they may.

    Attributes:
        key: id of their key; None where nobody needs one.
        name: of the key.
        session: id of their session, if a browser asks.
    """

    tenant: str = DEFAULT_TENANT
    role: KeyRole = KeyRole.ADMIN
    key: str | None = None
    name: str | None = None
    session: str | None = None

    @property
    def is_operator(self) -> bool:
        """Whether they may see what belongs to all tenants."""
        return self.role is KeyRole.ADMIN and self.tenant == DEFAULT_TENANT


ANYBODY: Final = Caller()  # of an open gateway: whoever reaches it may do everything


def set_caller(scope: Scope, caller: Caller) -> None:
    """Note who asks."""
    scope.setdefault("state", {})[KEY] = caller


def find_caller(scope: Scope) -> Caller | None:
    """Who asks; None before that is known, and where it is asked of nobody."""
    caller: Caller | None = scope.get("state", {}).get(KEY)
    return caller


def caller_of(request: Request) -> Caller:
    """Who asks."""
    caller: Caller = request.scope["state"][KEY]
    return caller


def tenant_of(request: Request) -> str:
    """Whose things a request is about."""
    return caller_of(request).tenant


def place_of(request: Request) -> str:
    """Whom streams are counted for: a key, or where there are none an address."""
    key = caller_of(request).key
    if key is not None:
        return key
    return request.client.host if request.client is not None else ""
