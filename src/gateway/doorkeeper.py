"""Finds out who asks, and whether they may: once a request, before any of its body is read.

Scripts send their key in `Authorization` (gateway.authorization). Browsers send a cookie, which other sites' pages
could make them send too. So a cookie is taken only from pages of this gateway: the cookie is SameSite=Strict,
`Sec-Fetch-Site` says where the page came from, `Origin` must be ours (gateway.hosts), and what changes something
carries a header that a page of another site cannot set without being allowed to. A key is never taken from a URL, which
would be written into logs.
"""

import time
from typing import Final, Protocol

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from common.errors import SundogError
from common.tokens import Token, TokenKind
from gateway.access import Grant, Who
from gateway.authorization import authorized_key
from gateway.caller import ANYBODY, Caller, set_caller
from gateway.cookies import cookie_sent
from gateway.errors import KeyMissingError, KeyRefusedError, OriginRefusedError, RoleTooLowError
from gateway.hosts import READING
from gateway.keyring import Credential, Keyring
from gateway.rates import Rates

GRANT: Final = "grant"
DOOR: Final = "door"
PAGE_HEADER: Final = "x-sundog-page"
OWN_PAGES: Final = frozenset({"same-origin", "none"})
WORDS: Final = {TokenKind.KEY: "key", TokenKind.SESSION: "session"}


class Door(Protocol):
    """Who is let in."""

    async def caller(self, scope: Scope, grant: Grant) -> Caller | None:
        """Who asks; None where nobody needs to be known and nobody is.

        Raises:
            SundogError: they may not.
        """

    async def look_again(self, scope: Scope) -> None:
        """See that who was let in still would be.

        Raises:
            SundogError: they would not.
        """


class OpenDoor:
    """Lets everybody do everything: for a gateway that only those reach who may."""

    async def caller(self, _scope: Scope, _grant: Grant) -> Caller | None:
        """Anybody."""
        return ANYBODY

    async def look_again(self, _scope: Scope) -> None:
        """Nobody is ever put out."""


class Refusals(Protocol):
    """Is told who was not let in."""

    def refused(self, scope: Scope, token: Token | None, known: Caller | None) -> None:
        """Somebody came with a key that lets nobody in; None: its id stands for nothing."""


class Doorkeeper:
    """Lets in who has a key.

    Args:
        keyring: knows keys.
        rates: counts requests.
        refusals: is told of keys that let nobody in.
    """

    def __init__(self, *, keyring: Keyring, rates: Rates, refusals: Refusals) -> None:
        self._keyring = keyring
        self._rates = rates
        self._refusals = refusals

    async def caller(self, scope: Scope, grant: Grant) -> Caller | None:
        """Who asks.

        Raises:
            KeyMissingError, KeyRefusedError: nobody knows.
            RoleTooLowError: they may not do this.
            OriginRefusedError: a page of another site asks with their cookie.
            TooManyRequestsError: they have asked too often.
        """
        if grant.who is Who.ANYBODY:
            return None
        credential = await self._credential(self._sent_token(scope), scope=scope)
        # Before it counts: pages of other sites must not use up what a person may send.
        if credential.caller.session is not None:
            check_own_page(scope, Headers(scope=scope))
        await self._count(credential)
        if not grant.admits(credential.caller):
            raise RoleTooLowError(
                f"This needs the role {grant.who.value}; this key has {credential.caller.role.value}.",
                advice="Ask whoever runs this installation for another key.",
            )
        return credential.caller

    async def log_in(self, token: Token | None, *, scope: Scope) -> Caller:
        """Who opens a session with a key; that is a request of the key.

        Raises:
            KeyRefusedError: it lets nobody in.
            TooManyRequestsError: it has sent too many.
        """
        credential = await self._credential(token, scope=scope)
        await self._count(credential)
        return credential.caller

    async def _count(self, credential: Credential) -> None:
        """A request of a key, whatever becomes of it."""
        key = credential.caller.key
        assert key is not None  # every credential is that of a key
        await self._rates.take(key, per_s=credential.requests_per_s)

    def _sent_token(self, scope: Scope) -> Token | None:
        try:
            return sent_token(scope)
        except KeyRefusedError:
            self._refusals.refused(scope, None, None)
            raise

    async def look_again(self, scope: Scope) -> None:
        """See that the key or the session of a request still holds.

        Raises:
            KeyRefusedError: it was revoked, or has expired.
        """
        await self._credential(self._sent_token(scope), scope=scope)

    async def _credential(self, token: Token | None, *, scope: Scope) -> Credential:
        """What a token stands for.

        Raises:
            KeyRefusedError: it lets nobody in.
        """
        found = None if token is None else await self._keyring.find(token)
        if found is not None and found.holds(time.monotonic()):
            return found
        named = token if token is not None and self._keyring.has(token) else None
        self._refusals.refused(scope, named, None if found is None else found.caller)
        what = "key" if token is None else WORDS[token.kind]
        if found is None:
            raise KeyRefusedError(f"This {what} lets nobody in.", advice=f"Check the {what}, or get a new one.")
        why = "was ended" if found.is_revoked else "has expired"
        raise KeyRefusedError(f"This {what} {why}.", advice="Get a new one: log in again, or ask for a new key.")


class Guard:
    """ASGI: lets a request through to a route if its caller may."""

    def __init__(self, app: ASGIApp, *, door: Door, grant: Grant) -> None:
        self._app = app
        self._door = door
        self._grant = grant

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            SundogError: the caller may not.
        """
        state = scope.setdefault("state", {})
        state[GRANT], state[DOOR] = self._grant, self._door
        caller = await self._door.caller(scope, self._grant)
        if caller is not None:
            set_caller(scope, caller)
        await self._app(scope, receive, send)


async def look_again(scope: Scope) -> None:
    """See that who sent a request still would be let in: its body may have taken hours.

    Raises:
        KeyRefusedError: they would not.
    """
    door: Door = scope["state"][DOOR]
    await door.look_again(scope)


def sent_token(scope: Scope) -> Token | None:
    """The token that came with a request; None if what came cannot be one. `Authorization` goes before a cookie.

    Raises:
        KeyMissingError: none came.
        KeyRefusedError: it is not said in a way in which a key is.
    """
    headers = Headers(scope=scope)
    if "authorization" in headers:
        return authorized_key(headers)
    cookie = cookie_sent(scope)
    if cookie is None:
        raise KeyMissingError("Nothing says who asks.", advice="Send authorization: Bearer KEY, or log in at /login.")
    token = Token.parse(cookie)
    return token if token is not None and token.kind is TokenKind.SESSION else None


def check_own_page(scope: Scope, headers: Headers) -> None:
    """See that a cookie was sent by a page of this gateway.

    Raises:
        OriginRefusedError: it was not, or does not say so.
    """
    if (refusal := _foreign(scope, headers)) is not None:
        raise refusal


def _foreign(scope: Scope, headers: Headers) -> SundogError | None:
    if headers.get("sec-fetch-site", "same-origin") not in OWN_PAGES:
        return OriginRefusedError("A page of another site may not ask as you.")
    if scope["method"] not in READING and PAGE_HEADER not in headers:
        return OriginRefusedError(
            "What a browser's session changes must be asked by a page of this gateway.",
            advice=f"Send the header {PAGE_HEADER}: 1, or a key instead of the cookie.",
        )
    return None
