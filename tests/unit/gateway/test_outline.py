"""JSON as lines for a person."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gateway.outline import LONGEST, WIDEST, outline

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
    alone, beside = "x" * 10_000, [{"a": "x" * 10_000, "b": 1}]

    assert len(outline({"a": alone})) == len("a  \n") + LONGEST
    assert [len(line) for line in outline(beside).splitlines()] == [WIDEST + len("  B"), WIDEST + len("  1")]


def test_a_link_and_a_digest_are_whole() -> None:
    link, digest = f"/v1/tasks?cursor={'A' * 22}&limit=50&state=failed&kind=profile&tag=nightly", "0" * 64

    assert outline({"next": link}) == f"next  {link}\n"
    assert digest in outline({"artifacts": [{"name": "a", "sha256": digest}], "sha256": digest})


def test_a_list_of_tasks_names_their_files() -> None:
    task = {"id": 1, "inputs": {"left": {"name": "a.csv"}, "right": {"name": "b.csv"}}}
    heading, row = outline({"tasks": [task]}).splitlines()[1:]

    assert row[heading.index("INPUTS.NAME") :].startswith("a.csv, b.csv")
    assert "and 5 more" in outline({"rows": [{"a": 1}] * 1005})
