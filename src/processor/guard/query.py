"""The first layer for a whole query."""

from collections.abc import Collection, Mapping

from sqlglot import exp

from processor.guard.dialect import written
from processor.guard.functions import QUERY_FUNCTIONS
from processor.guard.grammar import QUERIES, check_forms
from processor.guard.parsing import parse_query
from processor.guard.refusal import Refusal, refusals_at
from processor.guard.tables import check_tables


def guard_query(sql: str, *, tables: Mapping[str, Collection[str]], pointer: str) -> str:
    """Read one query, and write it anew for Polars.

    Args:
        sql: as the caller wrote it.
        tables: name of each table → names of its columns.
        pointer: where the text stands in the request, as a JSON Pointer.

    Returns:
        One SELECT over these tables and its own WITH, all names quoted, without comments.

    Raises:
        ParamsError: it is anything else; the sentence quotes the caller's own words alone.
    """
    with refusals_at(pointer):
        tree = parse_query(sql)
        if not isinstance(tree, exp.Query):
            raise Refusal("This is no query.", advice="Write one SELECT, or WITH … SELECT.")
        check_forms(tree, forms=QUERIES, functions=QUERY_FUNCTIONS)
        check_tables(tree, inputs=tables)
        return written(tree)
