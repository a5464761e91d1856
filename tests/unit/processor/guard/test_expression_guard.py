"""Single expressions: what may be used in rules and filters, and what may not."""

import datetime as dt

import polars as pl
import pytest

from common.errors import ParamsError
from processor.guard import guard_condition, guard_expression

FRAME = pl.DataFrame({"a": [1, 2, None], "B": ["x", "2020-05-01", None], "per cent": [0.5, 1.5, None]})


def values(text: str) -> list[object]:
    expression = guard_expression(text, columns=FRAME.columns, pointer="/params/where")
    return FRAME.lazy().select(expression.alias("value")).collect()["value"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1", [False, True, None]),
        ("a IS NOT NULL AND a NOT BETWEEN 2 AND 3", [True, False, False]),
        ("upper(B) = 'X' OR B LIKE '2020-%'", [True, True, None]),
        ("a IN (2, 3)", [False, True, None]),
        ("CASE WHEN a > 1 THEN 'many' ELSE 'one' END", ["one", "many", "one"]),
        ("EXTRACT(year FROM DATE '2020-05-01') + a", [2021, 2022, None]),
        ('round("per cent" * 100) / a -- a remark', [50.0, 75.0, None]),
        ("COALESCE(a, -1)::text || '%'", ["1%", "2%", "-1%"]),
        ("B ~ '^\\d{4}'", [False, True, None]),
    ],
)
def test_an_expression_is_computed_row_by_row(text: str, expected: list[object]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a > 1 IS TRUE", [False, True, False]),
        ("a > 1 IS NOT TRUE", [True, False, True]),
        ("a > 1 IS FALSE OR a IS NULL IS TRUE", [True, False, True]),
        ("NOT a > 1 IS NOT FALSE", [True, False, False]),
        ("a > 1 IS UNKNOWN", [False, False, True]),
        ("a > 1 IS TRUE IS NULL", [False, False, False]),
        ("a IS DISTINCT FROM 1 AND a = 1", [False, False, None]),
        ("a IS NOT DISTINCT FROM 1 OR a = 2", [True, True, None]),
        ("a = 1 IS NOT DISTINCT FROM NULL IS DISTINCT FROM TRUE", [True, True, False]),
    ],
)
def test_is_asks_for_truth_and_sameness_as_in_postgresql(text: str, expected: list[object]) -> None:
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("c > 1", "There is no column 'c'."),
        ("t.a > 1", "The name 't' stands before a column."),
        ("sum(a) > 1", "The function 'sum' is not allowed here."),
        ("row_number() OVER () = 1", "WINDOW is not allowed here."),
        ("a IN (SELECT 1)", "IN with QUERY is not allowed here."),
        ("(SELECT 1)", "SUBQUERY is not allowed here."),
        ("EXISTS (SELECT 1)", "EXISTS is not allowed here."),
        ("*", "STAR is not allowed here."),
        ("a > 1; a < 2", "There are several statements."),
        ("read_csv('/etc/passwd')", "The function 'read_csv' is not allowed or not known."),
        ("pl.col('a')", None),
        ("a > 1 AS b", None),
        ("", "The SQL is empty."),
    ],
)
def test_anything_else_is_refused(text: str, message: str | None) -> None:
    with pytest.raises(ParamsError) as caught:
        guard_expression(text, columns=FRAME.columns, pointer="/params/rules/0/expression")

    assert caught.value.pointer == "/params/rules/0/expression"
    assert message is None or caught.value.message == message


ODD = pl.DataFrame(
    {"^a$": [1, 2], "a": [10, 20], "*": [5, 6], "^.*$": [7, 8], "^é-#&~<> %\\$": [3, 4], "SCAN": ["x", "CT SCAN"]}
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"^a$"', [1, 2]),
        ('"*" + "^a$" * "^.*$"', [12, 22]),
        ('CASE WHEN "^a$" = 1 THEN "*" ELSE a END', [5, 20]),
        ('COALESCE("^.*$", "*")', [7, 8]),
        ('"^é-#&~<> %\\$" IN (4, 5)', [False, True]),
        ('"*" BETWEEN "^a$" AND 5', [True, False]),
    ],
)
def test_a_column_named_like_a_pattern_is_itself(text: str, expected: list[object]) -> None:
    expression = guard_expression(text, columns=ODD.columns, pointer="/params/where")

    assert ODD.lazy().select(expression.alias("value")).collect()["value"].to_list() == expected


def test_a_condition_tells_its_columns_by_their_own_names() -> None:
    condition = guard_condition('"^a$" > 1 AND a < "*" OR a = 1', schema=ODD.schema, pointer="/params/filter")

    assert set(condition.columns) == {"^a$", "a", "*"}


def test_a_condition_over_the_word_of_the_plans_passes() -> None:
    condition = guard_condition("\"SCAN\" = 'CT SCAN'", schema=ODD.schema, pointer="/params/filter")

    assert ODD.filter(condition.expression)["a"].to_list() == [20]


@pytest.mark.parametrize("text", ["a", "a + 1", "upper(B)", "nosuch = 1"])
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(ParamsError) as caught:
        guard_condition(text, schema=FRAME.schema, pointer="/params/filter")

    assert caught.value.pointer == "/params/filter"


@pytest.mark.parametrize(
    ("word", "dtype"),
    [
        ("REAL", pl.Float32()),
        ("FLOAT4", pl.Float32()),
        ("FLOAT(24)", pl.Float32()),
        ("FLOAT(25)", pl.Float64()),
        ("FLOAT", pl.Float64()),
        ("DOUBLE PRECISION", pl.Float64()),
        ("FLOAT8", pl.Float64()),
    ],
)
def test_a_word_for_a_fraction_is_the_type_of_postgresql(word: str, dtype: pl.DataType) -> None:
    expression = guard_expression(f"CAST(a AS {word})", columns=FRAME.columns, pointer="/params/where")

    assert FRAME.lazy().select(expression).collect_schema().dtypes() == [dtype]


NARROW = pl.DataFrame(
    {
        "i": pl.Series([100, -128], dtype=pl.Int8),
        "u": pl.Series([1, 5], dtype=pl.UInt32),
        "v": pl.Series([2, 3], dtype=pl.UInt64),
        "s": ["a", "abcd"],
        "t": [dt.datetime(2026, 12, 31, 23, 59), dt.datetime(2026, 1, 1)],  # noqa: DTZ001 - a column without a zone
    }
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("i * 2 = 200", [True, False]),
        ("abs(i) = 128", [False, True]),
        ("-i = 128", [False, True]),
        ("u - v = -1", [True, False]),
        ("u - 2 < 0", [True, False]),
        ("v - 3 = -1", [True, False]),
        ("-CASE WHEN u > 1 THEN u ELSE 0 END = -5", [False, True]),
        ("length(s) - 2 = -1", [True, False]),
        ("strpos(s, 'b') - 3 = -1", [False, True]),
        ("extract(hour FROM t) * 60 + date_part('minute', t) = 1439", [True, False]),
        ("year(t) * 10000 + month(t) * 100 + day(t) = 20261231", [True, False]),
        ("extract(epoch FROM t) > 1.5", [True, True]),
        ("extract(time FROM t) = TIME '00:00:00'", [False, True]),
    ],
)
def test_whole_numbers_do_not_go_round_where_they_are_computed_with(text: str, expected: list[object]) -> None:
    condition = guard_condition(text, schema=NARROW.schema, pointer="/params/where")
    assert NARROW.select(condition.expression.alias("value"))["value"].to_list() == expected
