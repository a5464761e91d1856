"""The first layer for a single expression: a rule, a filter."""

from collections.abc import Collection

import polars as pl
from sqlglot import exp

from processor.guard.dialect import written
from processor.guard.failures import explain_failure, is_of_polars
from processor.guard.functions import SCALAR_FUNCTIONS
from processor.guard.grammar import SCALARS, check_forms
from processor.guard.parsing import parse_expression
from processor.guard.patterns import without_patterns
from processor.guard.refusal import Refusal, near, refusals_at, shown
from processor.guard.widening import widen_columns, widen_functions


def guard_expression(text: str, *, columns: Collection[str], pointer: str) -> pl.Expr:
    """Read one expression over the values of a row, and give it as Polars'.

    Args:
        text: as the caller wrote it: SQL, without subqueries, aggregates or windows.
        columns: names of the columns that it may use.
        pointer: where the text stands in the request, as a JSON Pointer.

    Raises:
        ParamsError: it is anything else; the sentence quotes the caller's own words alone.
    """
    return read_expression(text, columns=columns, pointer=pointer)[0]


def read_expression(
    text: str, *, columns: Collection[str], pointer: str, schema: pl.Schema | None = None
) -> tuple[pl.Expr, tuple[str, ...]]:
    """The same, with the names of the columns that it looks at.

    Args:
        text: as the caller wrote it.
        columns: names of the columns that it may use.
        pointer: where the text stands in the request, as a JSON Pointer.
        schema: their types, where they are known: then nothing goes round that is computed with them.

    Raises:
        ParamsError: it is anything else.
    """
    with refusals_at(pointer):
        tree = parse_expression(text)
        check_forms(tree, forms=SCALARS, functions=SCALAR_FUNCTIONS)
        _check_columns(tree, columns)
        used = tuple(dict.fromkeys(column.name for column in tree.find_all(exp.Column)))
        tree = widen_columns(tree, schema or {})
        without_patterns(tree)
        sql = written(widen_functions(tree))
    try:
        return pl.sql_expr(sql), used
    except BaseException as error:
        if not is_of_polars(error):
            raise
        raise explain_failure(error, text=text, known=columns, pointer=pointer) from None


def _check_columns(tree: exp.Expr, columns: Collection[str]) -> None:
    for column in tree.find_all(exp.Column):
        if column.table:
            raise Refusal(f"The name {shown(column.table)} stands before a column.", advice="Name the column alone.")
        if column.name not in columns:
            raise Refusal(
                f"There is no column {shown(column.name)}.", advice=near(column.name, columns, what="columns")
            )
