"""The first two layers for a condition on rows: a rule, a filter."""

from dataclasses import dataclass

import polars as pl

from common.errors import ParamsError
from processor.guard.expression import read_expression
from processor.guard.failures import explain_failure, is_of_polars
from processor.guard.sources import refuse_foreign_paths


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A condition that passed.

    Attributes:
        expression: true, false or null for each row.
        columns: the names of those that it looks at.
    """

    expression: pl.Expr
    columns: tuple[str, ...]


def guard_condition(text: str, *, schema: pl.Schema, pointer: str) -> Condition:
    """Read one condition over the values of a row, and see what Polars would do for it.

    Args:
        text: as the caller wrote it: SQL, without subqueries, aggregates or windows.
        schema: of the table.
        pointer: where the text stands in the request, as a JSON Pointer.

    Raises:
        ParamsError: it is anything else, does not fit the types, or would read something.
    """
    expression, used = read_expression(text, columns=schema.names(), pointer=pointer, schema=schema)
    check_plan(expression, text=text, schema=schema, pointer=pointer)
    return Condition(expression=expression, columns=used)


def check_plan(expression: pl.Expr, *, text: str, schema: pl.Schema, pointer: str) -> None:
    """The second layer: pass if the expression gives truth values, and its plan reads no more than the table.

    Raises:
        ParamsError: it does not.
    """
    planned = pl.DataFrame(schema=schema).lazy().select(expression.alias("condition"))
    try:
        dtypes = planned.collect_schema().dtypes()
        refuse_foreign_paths(planned, pointer=pointer)
    except BaseException as error:
        if not is_of_polars(error):
            raise
        raise explain_failure(error, text=text, known=schema.names(), pointer=pointer) from None
    if dtypes != [pl.Boolean()]:
        raise ParamsError(
            "The expression is neither true nor false.",
            pointer=pointer,
            advice="Compare something in it, as in `price > 0`.",
        )
