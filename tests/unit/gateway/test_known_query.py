"""What stands in a URL's query is known to the route, or refused."""

from collections.abc import Sequence

import pytest

from gateway.errors import QueryInvalidError
from gateway.known_query import check_names
from gateway.near_words import did_you_mean

KNOWN = ("state", "kind", "tag", "pretty")


def test_known_names_pass() -> None:
    check_names(["tag", "state"], known=KNOWN)
    check_names([], known=KNOWN)


@pytest.mark.parametrize(
    ("asked", "message", "advice"),
    [
        (
            ["state", "tags"],
            "tags: is no parameter here; there are state, kind, tag, pretty.",
            "Did you mean tag?",
        ),
        (["status"], "status: is no parameter here; there are state, kind, tag, pretty.", "Did you mean state?"),
        (["Kind"], "Kind: is no parameter here; there are state, kind, tag, pretty.", "Did you mean kind?"),
        (["follow"], "follow: is no parameter here; there are state, kind, tag, pretty.", None),
        ([""], ": is no parameter here; there are state, kind, tag, pretty.", None),
        (["tag", "tag"], "tag: comes twice.", "Say it once: one value counts."),
    ],
)
def test_others_are_refused_with_what_there_is(asked: Sequence[str], message: str, advice: str | None) -> None:
    with pytest.raises(QueryInvalidError) as refused:
        check_names(asked, known=KNOWN)

    assert (refused.value.message, refused.value.advice) == (message, advice)


def test_a_long_name_is_not_told_back() -> None:
    with pytest.raises(QueryInvalidError) as refused:
        check_names(["x" * 10_000], known=KNOWN)

    assert len(refused.value.message) < 200


def test_nothing_is_meant_by_what_is_like_nothing() -> None:
    assert did_you_mean("profil", ["profile", "query"]) == "Did you mean profile?"
    assert did_you_mean("weather", ["profile", "query"]) is None
    assert did_you_mean("anything", []) is None
