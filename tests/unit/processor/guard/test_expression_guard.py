"""Single expressions: what may be used in rules and filters, and what may not."""

import polars as pl
import pytest

from common.errors import ParamsError
from processor.guard import guard_expression

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
