"""The first layer for a whole query."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlglot import exp

from processor.guard.dialect import written
from processor.guard.functions import QUERY_FUNCTIONS
from processor.guard.grammar import QUERIES, check_forms
from processor.guard.parsing import parse_query
from processor.guard.patterns import plain_names, rename
from processor.guard.refusal import Refusal, refusals_at
from processor.guard.tables import check_tables
from processor.guard.widening import computes, widen_functions


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedQuery:
    """A query that passed.

    Attributes:
        text: what Polars is to be given.
        scans: how many tables it names, with every WITH written out.
        renamed: names that Polars would take for patterns → what the text has for them. The tables' columns of these
            names have to be renamed so, and those of the answer back.
        is_computing: whether it computes with numbers: then the tables' have to be wide (`wide_frame`).
    """

    text: str
    scans: int
    renamed: Mapping[str, str]
    is_computing: bool


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
    return read_query(sql, tables=tables, pointer=pointer).text


def read_query(sql: str, *, tables: Mapping[str, Collection[str]], pointer: str) -> GuardedQuery:
    """The same, with what was learned on the way.

    Raises:
        ParamsError: it is anything else.
    """
    with refusals_at(pointer):
        tree = parse_query(sql)
        if not isinstance(tree, exp.Query):
            raise Refusal("This is no query.", advice="Write one SELECT, or WITH … SELECT.")
        check_forms(tree, forms=QUERIES, functions=QUERY_FUNCTIONS)
        scans = check_tables(tree, inputs=tables)
        renamed = plain_names(sql, tree, tables)
        rename(tree, renamed)
        is_computing = computes(tree)
        return GuardedQuery(
            scans=scans, text=written(widen_functions(tree)), renamed=renamed, is_computing=is_computing
        )
