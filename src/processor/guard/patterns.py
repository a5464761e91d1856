"""Names of columns that Polars takes for a pattern, also where SQL quotes them: `*` is all of them, `^a.*$` many."""

import re
from collections.abc import Collection, Mapping

from sqlglot import exp


def is_pattern(name: str) -> bool:
    """Whether Polars would not take the name for one column."""
    return name == "*" or (name.startswith("^") and name.endswith("$"))


def without_patterns(tree: exp.Expr) -> None:
    """Have the columns of one expression named so that each is itself: by a pattern that fits its name alone."""
    for column in tree.find_all(exp.Column):
        if is_pattern(column.name):
            column.this.set("this", f"^{re.escape(column.name)}$")


def plain_names(sql: str, tree: exp.Expr, tables: Mapping[str, Collection[str]]) -> Mapping[str, str]:
    """Other names, which stand nowhere else, for all that a query or its tables name like a pattern.

    Args:
        sql: the query's text.
        tree: the query.
        tables: name of each table → names of its columns.
    """
    words = {node.name for node in tree.find_all(exp.Identifier)}
    columns = {name for names in tables.values() for name in names}
    found = sorted(name for name in words | columns if is_pattern(name))
    stem = "name"
    while found and any(stem in text for text in (sql, *columns)):
        stem += "_"
    return {name: f"{stem}{number}_" for number, name in enumerate(found)}


def rename(tree: exp.Expr, names: Mapping[str, str]) -> None:
    """Give all that bears one of these names the other one."""
    for node in tree.find_all(exp.Identifier):
        if node.name in names:
            node.replace(exp.to_identifier(names[node.name], quoted=True))
