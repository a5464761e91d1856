"""What a token opens, and that a clock does not tell more."""

import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any

from common.settings import DatabaseSettings
from common.tokens import Token, TokenKind
from common.words import KeyRole
from gateway.caller import Caller
from gateway.keyring import READS_AT_ONCE, Credential, opened

TOKEN = Token.new(TokenKind.KEY)
CREDENTIAL = Credential(
    caller=Caller(tenant="default", role=KeyRole.READ, key=TOKEN.id),
    hash=TOKEN.hash,
    is_revoked=False,
    ends_at=float("inf"),
    requests_per_s=None,
)
WRONG = Token(kind=TOKEN.kind, id=TOKEN.id, secret=TOKEN.secret[::-1])


def calls_of(act: Callable[[], object]) -> list[str]:
    """The functions that are called on the way, those of the interpreter too."""
    calls: list[str] = []

    def note(frame: FrameType, event: str, function: Any) -> None:
        if event == "call":
            calls.append(frame.f_code.co_qualname)
        elif event == "c_call":
            calls.append(function.__qualname__)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return calls


def test_a_token_opens_what_has_its_hash_and_nothing_else() -> None:
    assert opened(CREDENTIAL, by=TOKEN) is CREDENTIAL
    assert opened(CREDENTIAL, by=WRONG) is None
    assert opened(None, by=TOKEN) is None


def test_a_right_a_wrong_and_an_unknown_key_take_the_same_way() -> None:
    """One comparison each, in constant time: what a clock could see is the same."""
    right, wrong, unknown = [
        calls_of(partial(opened, credential, by=token))
        for credential, token in ((CREDENTIAL, TOKEN), (CREDENTIAL, WRONG), (None, TOKEN))
    ]

    assert right == wrong == unknown
    assert sum("compare_digest" in each for each in right) == 1


def test_a_flood_of_unknown_keys_leaves_connections_to_others() -> None:
    assert DatabaseSettings.model_fields["pool_size"].default > 2 * READS_AT_ONCE
