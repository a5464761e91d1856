"""The header Authorization: a key, as `Bearer KEY`, or as the user of Basic, which is what `curl -u KEY:` sends.

We never ask for Basic (WWW-Authenticate): a browser that is asked has people type a key into a box of its own, keeps it
and sends it along with whatever any page asks for. Lest one that has it all the same lets pages in, Basic is not taken
of a browser, which tells by Sec-Fetch-Site that it is one.
"""

import binascii
from base64 import b64decode
from typing import Final

from starlette.datastructures import Headers

from common.tokens import Token, TokenKind
from gateway.errors import KeyRefusedError

BROWSERS_HEADER: Final = "sec-fetch-site"


def authorized_key(headers: Headers) -> Token | None:
    """The key in the header; None if what is there cannot be one.

    Raises:
        KeyRefusedError: it is not said in a way in which a key is.
    """
    sent = headers.getlist("authorization")
    if len(sent) != 1:
        return None  # which of them?
    scheme, _, text = sent[0].strip().partition(" ")
    match scheme.lower():
        case "bearer":
            token = Token.parse(text.strip())
        case "basic" if BROWSERS_HEADER not in headers:
            token = Token.parse(_user(text.strip()))
        case "basic":
            raise KeyRefusedError("A browser does not send a key as Basic.", advice="Log in at /login.")
        case _:
            raise KeyRefusedError(
                "Nothing says that this is a key.", advice="Write Bearer before it: Authorization: Bearer KEY."
            )
    return token if token is not None and token.kind is TokenKind.KEY else None


def _user(text: str) -> str:
    """The user of Basic (RFC 7617), who has no password.

    Raises:
        KeyRefusedError: it has one, or this is none.
    """
    try:
        user, colon, password = b64decode(text, validate=True).decode("ascii").partition(":")
    except (binascii.Error, ValueError):
        user = colon = password = ""
    if not colon or password:
        raise KeyRefusedError(
            "Basic takes a key as the user, and no password.", advice="curl -u KEY: or Authorization: Bearer KEY."
        )
    return user
