"""The tables that a query names: inputs or its own WITH, nothing else, and not so many that the plan explodes."""

from collections.abc import Collection, Mapping
from typing import Final

from sqlglot import exp

from processor.guard.refusal import Refusal, near, shown

MOST_JOINS: Final = 32
MOST_SCANS: Final = 128


def check_tables(tree: exp.Expr, *, inputs: Collection[str]) -> int:
    """Pass if every table is an input or an earlier part of a WITH; how many are named, with every WITH written out.

    Raises:
        Refusal: it is not, or there are too many.
    """
    joins = sum(1 for _ in tree.find_all(exp.Join))
    if joins > MOST_JOINS:
        raise Refusal(f"There are {joins} joins, and at most {MOST_JOINS} are allowed.", advice="Split the query.")
    scans = _scans(tree, dict.fromkeys(inputs, 1), inputs)
    if scans > MOST_SCANS:
        raise Refusal(
            f"With every WITH written out, the query names {scans:,} tables, and at most {MOST_SCANS} are allowed.",
            advice="Split the query.",
        )
    return scans


def _scans(node: exp.Expr, known: Mapping[str, int], inputs: Collection[str]) -> int:
    """How many scans a part of the query costs: each name of a WITH costs what stands behind it, each time."""
    named = node.args.get("with_")
    if named is not None:
        known = dict(known)
        for part in named.expressions:
            known[_new_name(part, known)] = _scans(part.this, known, inputs)
    if isinstance(node, exp.Table):
        return _cost(node, known) + _children(node, known, inputs)
    return _children(node, known, inputs)


def _children(node: exp.Expr, known: Mapping[str, int], inputs: Collection[str]) -> int:
    return sum(_scans(child, known, inputs) for child in node.iter_expressions() if not isinstance(child, exp.With))


def _new_name(part: exp.Expr, known: Mapping[str, int]) -> str:
    name = part.alias
    if name in known:
        raise Refusal(f"There are two tables named {shown(name)}.", advice="Give the part of WITH another name.")
    return name


def _cost(table: exp.Table, known: Mapping[str, int]) -> int:
    name = table.name
    if name not in known:
        raise Refusal(f"There is no table {shown(name)}.", advice=near(name, known, what="tables"))
    return known[name]
