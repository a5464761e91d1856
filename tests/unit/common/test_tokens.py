"""Keys and sessions as text, and texts without them."""

import pytest

from common.tokens import Token, TokenKind, without_tokens


@pytest.mark.parametrize("kind", TokenKind)
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "/v1/tasks/{}/cancel",
        "tag=x&key={}&a=b",
        '{{"path": "/v1/tasks/{}"}}',
        "Bearer {}\nnext {}",
        "a{}b",
        "%22{}%22",
    ],
)
def test_of_a_token_its_id_is_left(kind: TokenKind, around: str) -> None:
    for _ in range(20):
        token = Token.new(kind)
        text = without_tokens(around.format(token.text, token.text))

        assert token.secret not in text
        assert f"{kind.value}_{token.id}_***" in text


def test_one_that_was_cut_or_escaped_or_runs_on_is_found_too() -> None:
    token = Token.new(TokenKind.KEY)
    escaped = "".join(f"%{ord(character):02X}" for character in token.secret)
    for text in (
        token.text[:-1],
        token.text + "aaa",
        token.text.replace("_", "%5F"),
        token.text.replace("_", "%5f"),
        token.text.replace(token.secret, escaped),
    ):
        left = without_tokens(text)

        assert token.id in left
        assert left.endswith("***")
        assert token.secret[1:12] not in left


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a session of sundog",
        "sundog_profile_v2",
        "session_2026-01-01_nightly",
        "/v1/sessions",
        "SUNDOG_GATEWAY_PORT",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert without_tokens(text) == text
