import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BodyInvalidError
from gateway.faults import RequestInvalidError
from gateway.half_characters import MOST_LEVELS
from gateway.json_text import DEEPEST, instant, json_bytes, parse_json

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
def test_what_is_written_is_read_as_the_same(value: object) -> None:
    assert parse_json(json_bytes(value)) == value


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "NaN",
        "[Infinity]",
        '{"a": -Infinity}',
        "1e999",
        "-1e999",
        "9" * 400,
        "9" * 5_000,
        "{'a': 1}",
        '{"a": 1} x',
        "\x00",
    ],
)
def test_what_others_could_not_read_is_refused(text: str) -> None:
    with pytest.raises(BodyInvalidError):
        parse_json(text)


@pytest.mark.parametrize("body", [b"\xff", b'"\xed\xa0\x80"', '"é"'.encode("latin-1"), "{}".encode("utf-16")])
def test_other_encodings_than_utf_8_are_refused(body: bytes) -> None:
    with pytest.raises(BodyInvalidError):
        parse_json(body)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_json(b"\xef\xbb\xbf{}") == {}


@pytest.mark.parametrize("levels", [DEEPEST + 1, 400, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(opening: str, closing: str, levels: int) -> None:
    with pytest.raises(BodyInvalidError, match="deeper"):
        parse_json(opening * levels + "1" + closing * levels)


def test_nesting_up_to_the_bound_is_taken() -> None:
    assert parse_json("[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1))


def test_of_two_equal_keys_the_last_counts() -> None:
    assert parse_json('{"a": 1, "a": 2}') == {"a": 2}


def test_half_characters_are_written_as_escapes() -> None:
    """Those that the table of an old release holds, or a plug-in's result."""
    assert json.loads(json_bytes({"a": "\ud800 é"})) == {"a": "\ud800 é"}


HALF = st.sampled_from(["\ud800", "\udfff x", "\udc00\ud800"])


def inside(inner: st.SearchStrategy[tuple[Any, str]]) -> st.SearchStrategy[tuple[Any, str]]:
    """A value with one that has a half character, and where that stands."""
    before, after = st.lists(VALUES, max_size=3), st.lists(VALUES, max_size=3)
    names = st.dictionaries(st.text(alphabet="abc~/"), VALUES, max_size=3)
    listed = st.builds(lambda a, v, b: ([*a, v[0], *b], f"/{len(a)}{v[1]}"), before, inner, after)
    named = st.builds(lambda more, v: ({**more, "x": v[0], "y": 1}, f"/x{v[1]}"), names, inner)
    return listed | named


@given(st.recursive(HALF.map(lambda text: (text, "")), inside, max_leaves=4))
def test_half_a_character_is_refused_at_its_place(found: tuple[Any, str]) -> None:
    value, place = found
    with pytest.raises(RequestInvalidError) as caught:
        parse_json(json.dumps(value))

    assert [fault.pointer for fault in caught.value.faults] == [place]


def test_half_a_character_that_stands_deep_is_told_of_what_is_around_it() -> None:
    with pytest.raises(RequestInvalidError, match="has a text within that is not of whole characters") as caught:
        parse_json("[" * 60 + '"\\ud800"' + "]" * 60)

    assert caught.value.faults[0].pointer == "/0" * MOST_LEVELS


@pytest.mark.parametrize("digits", ["9" * 308, "-" + "9" * 308, "1.7e308", "1e-999"])
def test_numbers_up_to_the_bound_are_taken(digits: str) -> None:
    assert parse_json(f"[{digits}]") == [json.loads(digits)]


@pytest.mark.parametrize("written", ["2026-11-22T09:00:00+00:00", "2026-11-22T10:30:00+01:30", "2026-11-22T09:00:00Z"])
def test_times_are_shown_in_utc(written: str) -> None:
    assert instant(written) == "2026-11-22T09:00:00.000000Z"
