"""/v1/session and /login: browsers log in with a key and get a cookie; who am I."""

from datetime import timedelta
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from common.database import Pool
from common.notifier import Notifier
from common.queries import load_query
from common.tokens import Token, TokenKind
from gateway.body import read_json
from gateway.caller import Caller, caller_of, set_caller
from gateway.cookies import cookie_set, cookies_ended
from gateway.doorkeeper import Doorkeeper
from gateway.faults import Fault, RequestInvalidError
from gateway.json_text import json_response
from gateway.keyring import Keyring

OPEN_SESSION: Final = load_query("gateway", "open_session")
CLOSE_SESSION: Final = load_query("gateway", "close_session")

LONGEST_BODY: Final = 1_000


class SessionRoutes:
    """Opens, shows and ends the session of a browser.

    Args:
        pool: of the gateway's database role.
        notifier: tells the other gateways of a session that was ended.
        doorkeeper: knows keys; None where nobody needs one.
        keyring: forgets a session that was ended.
        kept_s: how long a session lasts.
    """

    def __init__(
        self,
        *,
        pool: Pool,
        notifier: Notifier,
        doorkeeper: Doorkeeper | None,
        keyring: Keyring | None,
        kept_s: float,
    ) -> None:
        self._pool = pool
        self._notifier = notifier
        self._doorkeeper = doorkeeper
        self._keyring = keyring
        self._kept_s = kept_s

    def routes(self) -> list[Route]:
        """What this class serves."""
        return [
            Route("/v1/session", self._show, methods=["GET"]),
            Route("/v1/session", self._open, methods=["POST"]),
            Route("/v1/session", self._close, methods=["DELETE"]),
        ]

    async def _show(self, request: Request) -> Response:
        return json_response(_shown(caller_of(request)), headers={"cache-control": "no-store"})

    async def _open(self, request: Request) -> Response:
        if self._doorkeeper is None:
            raise RequestInvalidError([Fault(pointer="", detail="this gateway is open: nobody logs in")])
        token = _key_in(await read_json(request, limit=LONGEST_BODY))
        caller = await self._doorkeeper.log_in(token, scope=request.scope)
        session = Token.new(TokenKind.SESSION)
        await self._pool.execute(OPEN_SESSION, session.id, session.hash, caller.key, timedelta(seconds=self._kept_s))
        set_caller(request.scope, caller)
        cookie = cookie_set(request.scope, session.text, kept_s=self._kept_s)
        headers = {"set-cookie": cookie, "cache-control": "no-store"}
        return json_response(_shown(caller, has_session=True), status=HTTPStatus.OK, headers=headers)

    async def _close(self, request: Request) -> Response:
        caller = caller_of(request)
        if caller.session is not None and self._keyring is not None:
            await self._pool.execute(CLOSE_SESSION, caller.session)
            self._keyring.hear(frozenset({caller.session}))
            self._notifier.keys_changed({caller.session})
        # Answers to a session are kept nowhere (gateway.request_log); this also ends pages that one could go back to.
        headers = {"cache-control": "no-store", "clear-site-data": '"cache"'}
        response = Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        response.raw_headers += cookies_ended()
        return response


def _key_in(asked: object) -> Token | None:
    """The key in a body; None if what is there cannot be one.

    Raises:
        RequestInvalidError: there is no text where it should be.
    """
    text = asked.get("key") if isinstance(asked, dict) else None
    if not isinstance(text, str):
        raise RequestInvalidError([Fault(pointer="/key", detail="must be a key")], advice='Send {"key": "sundog_…"}.')
    token = Token.parse(text.strip())
    return token if token is not None and token.kind is TokenKind.KEY else None


def _shown(caller: Caller, *, has_session: bool = False) -> dict[str, object]:
    return {
        "open": caller.key is None,
        "tenant": caller.tenant,
        "role": caller.role.value,
        "key": None if caller.key is None else {"id": caller.key, "name": caller.name},
        "by_cookie": has_session or caller.session is not None,
    }
