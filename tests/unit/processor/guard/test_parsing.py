"""Reading a text takes work in proportion to it, however it is nested: counted in calls, not in seconds."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from processor.guard.parsing import DEEPEST_NESTING, parse_expression, parse_query
from processor.guard.refusal import Refusal

CALLS_A_CHARACTER = 400
LEAST_CALLS = 150_000


class TooManyCallsError(BaseException):
    """Ends what would take ages; no Exception, so that nobody who catches those goes on."""


def count_calls(parse: Callable[[str], object], text: str, *, most: int) -> int:
    """How many functions are called on the way, also those of C.

    Raises:
        TooManyCallsError: more than `most`.
    """
    calls = 0

    def count(_frame: FrameType, event: str, _what: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}
        if calls > most:
            sys.setprofile(None)
            raise TooManyCallsError(calls)

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        parse(text)
    except Refusal:
        pass
    finally:
        sys.setprofile(before)
    return calls


def read(text: str) -> None:
    """Read it as an expression, and within a query."""
    for parse, whole in ((parse_expression, text), (parse_query, f"SELECT {text} AS x FROM t WHERE {text} = 1")):
        count_calls(parse, whole, most=CALLS_A_CHARACTER * len(whole) + LEAST_CALLS)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("ARRAY[", "]"),
        ("[", "]"),
        ("DATE(", ")"),
        ("TIME(", ")"),
        ("TIMESTAMP(", ")"),
        ("CHAR(", ")"),
        ("VARCHAR(", ")"),
        ("INT(", ")"),
        ("DECIMAL(1, ", ")"),
        ("STRUCT(", ")"),
        ("MAP(", ")"),
        ("ARRAY(", ")"),
        ("1::ARRAY[", "]"),
        ("CAST(1 AS ARRAY[", "])"),
        ("CAST(1 AS DECIMAL(", "))"),
        ("CASE WHEN ", " THEN 1 END"),
        ("(", ")"),
        ("abs(", ")"),
        ("a IN (", ")"),
        ("(SELECT ", ")"),
    ],
)
@pytest.mark.parametrize("depth", [10, DEEPEST_NESTING // 2 - 2, DEEPEST_NESTING - 1])
def test_a_level_more_is_no_doubling(opening: str, closing: str, depth: int) -> None:
    read(opening * depth + "1" + closing * depth)


@pytest.mark.parametrize(
    "link", ["[1]", ".f(1)", ".f(1)[2]", "::int", " + 1", "(1)", " IS NULL", "[1](2)", " COLLATE x"]
)
def test_a_long_chain_takes_no_square_of_its_length(link: str) -> None:
    read("a" + link * 2_000)


def test_a_call_nested_to_the_limit_is_read() -> None:
    depth = DEEPEST_NESTING
    tree = parse_expression("date(" * depth + "a" + ")" * depth)

    assert tree.sql().upper().count("DATE(") == depth
