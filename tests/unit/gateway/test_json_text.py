import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import BodyInvalidError
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
    ["", "{", "NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "-1e999", "9" * 400, "{'a': 1}", '{"a": 1} x', "\x00"],
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


@pytest.mark.parametrize("levels", [DEEPEST + 1, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_deep_nesting_is_refused(opening: str, closing: str, levels: int) -> None:
    with pytest.raises(BodyInvalidError, match="deeper"):
        parse_json(opening * levels + "1" + closing * levels)


def test_nesting_up_to_the_bound_is_taken() -> None:
    assert parse_json("[" * (DEEPEST - 1) + "1" + "]" * (DEEPEST - 1))


def test_of_two_equal_keys_the_last_counts() -> None:
    assert parse_json('{"a": 1, "a": 2}') == {"a": 2}


def test_half_characters_are_written_as_escapes() -> None:
    value = parse_json('{"a": "\\ud800 é"}')

    assert json.loads(json_bytes(value)) == value


@pytest.mark.parametrize("written", ["2026-11-22T09:00:00+00:00", "2026-11-22T10:30:00+01:30", "2026-11-22T09:00:00Z"])
def test_times_are_shown_in_utc(written: str) -> None:
    assert instant(written) == "2026-11-22T09:00:00.000000Z"
