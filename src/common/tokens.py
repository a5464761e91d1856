"""Keys and sessions as text: `sundog_<id>_<secret>`, `session_<id>_<secret>`.

The id is what a row is looked up by, and what a person recognises a key by; it is no secret. The secret has 256 random
bits. So SHA-256 is the right hash: a slow one protects what people choose and others can guess, and nobody guesses
this. It would cost every request what it costs a thief. The prefix is there to be found by those who scan texts for
keys that leaked.
"""

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

ID_CHARACTERS: Final = string.ascii_lowercase + string.digits
ID_LENGTH: Final = 12
SECRET_BYTES: Final = 32
TEXT: Final = re.compile(r"(sundog|session)_([a-z0-9]{12})_([A-Za-z0-9_-]{43})")
# Also one that was cut, runs on into what follows, or has the escapes of URLs.
LIKE_ONE: Final = re.compile(
    r"((?:sundog|session)(?:_|%5[Ff])[a-z0-9]{12}(?:_|%5[Ff]))(?:[A-Za-z0-9_-]|%[0-9A-Fa-f]{2}){20,}"
)


class TokenKind(StrEnum):
    """What a token stands for; its first word."""

    KEY = "sundog"
    SESSION = "session"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A key, or a browser's session."""

    kind: TokenKind
    id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, kind: TokenKind) -> Self:
        """A token that nobody has yet."""
        identity = "".join(secrets.choice(ID_CHARACTERS) for _ in range(ID_LENGTH))
        return cls(kind=kind, id=identity, secret=secrets.token_urlsafe(SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """The token in a text; None if it cannot be one."""
        found = TEXT.fullmatch(text)
        return None if found is None else cls(kind=TokenKind(found[1]), id=found[2], secret=found[3])

    @property
    def text(self) -> str:
        """What is sent; to be shown once and written nowhere."""
        return f"{self.kind.value}_{self.id}_{self.secret}"

    @property
    def hash(self) -> bytes:
        """What may be written down."""
        return hashlib.sha256(self.secret.encode()).digest()

    def matches(self, stored: bytes) -> bool:
        """Whether this is the token that the hash was made of, in a time that does not tell how nearly it is."""
        return hmac.compare_digest(self.hash, stored)


def without_tokens(text: str) -> str:
    """A text that may be written down: of whatever looks like a token in it only the id is left.

    People put keys where none belong: into a path, a query, the id of a request.
    """
    if "sundog" not in text and "session" not in text:  # nearly all
        return text
    return LIKE_ONE.sub(r"\1***", text)
