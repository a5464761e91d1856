"""JSON as lines for a person."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.outline import outline

JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@given(JSON)
def test_any_value_has_lines_that_a_terminal_only_shows(value: object) -> None:
    text = outline(value)

    assert all(character.isprintable() or character in "\n�" or ord(character) > 127 for character in text)
    assert all(ord(character) >= 32 for character in text.replace("\n", ""))


def test_values_stand_beside_their_names() -> None:
    assert outline({"id": 7, "long_name": None, "inner": {"a": [1, 2], "b": {}}}) == (
        "id         7\nlong_name  -\ninner\n  a  [1, 2]\n  b  -\n"
    )


def test_alike_things_are_a_table() -> None:
    assert outline({"things": [{"a": 1, "b": "x"}, {"a": 20}]}) == "things\n  A   B\n  1   x\n  20  -\n"


def test_what_is_long_is_cut() -> None:
    assert len(outline({"a": "x" * 10_000})) < 80
    assert "and 5 more" in outline({"rows": [{"a": 1}] * 1005})
