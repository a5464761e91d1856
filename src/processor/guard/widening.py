"""Whole numbers that Polars keeps in few bits, made wide before anything is computed with them.

To Polars `EXTRACT(hour FROM t) * 60` has 8 bits, `LENGTH(a) - LENGTH(b)` no sign, and a sum of 32-bit numbers 32 bits:
where that is not enough it goes round, without a word. In SQL they are plain integers.
"""

from collections.abc import Mapping
from typing import Final

import polars as pl
from sqlglot import exp

# What these give is narrow. Counts, ranks and sums are wide already.
_NARROW: Final = frozenset(
    {
        *("array_length", "bit_count", "bitcount", "bit_length", "char_length", "character_length", "length"),
        *("octet_length", "strpos", "year", "month", "day", "hour"),
    }
)
# Parts of a time that are no whole numbers; all others are narrow.
_NOT_WHOLE: Final = frozenset({"epoch", "ms", "us", "ns", "time", "timezone"})
_FINER_THAN_SECONDS: Final = ("milli", "micro", "nano")
_COMPUTING: Final = (exp.Add, exp.Sub, exp.Mul, exp.Neg, exp.Anonymous)
_WIDE: Final[Mapping[pl.DataType, exp.DType]] = {
    **dict.fromkeys((pl.Int8(), pl.Int16(), pl.Int32(), pl.UInt8(), pl.UInt16(), pl.UInt32()), exp.DType.BIGINT),
    pl.UInt64(): exp.DType.INT128,
}


def widen_functions(tree: exp.Expr) -> exp.Expr:
    """The tree with what functions give as 64 bits."""
    # From the innermost outwards, so that each is still where it was found.
    for node in reversed(list(tree.find_all(exp.Anonymous, exp.Extract, exp.StrPosition))):
        if _is_narrow(node):
            tree = _widened(node, exp.DType.BIGINT, tree)
    return tree


def widen_columns(tree: exp.Expr, schema: Mapping[str, pl.DataType]) -> exp.Expr:
    """The tree of an expression whose columns of whole numbers are wide wherever anything is computed with them."""
    for column in list(tree.find_all(exp.Column)):
        dtype = schema.get(column.name)
        wide = _WIDE.get(dtype) if dtype is not None else None
        if wide is not None and column.find_ancestor(*_COMPUTING):
            tree = _widened(column, wide, tree)
    return tree


def computes(tree: exp.Expr) -> bool:
    """Whether anything is computed: by arithmetic, or by a function, which may be a sum."""
    return tree.find(*_COMPUTING) is not None


def wide_frame(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with its narrow columns as 64 bits; those without a sign that have as many stay."""
    wide = [
        place for place, dtype in enumerate(frame.collect_schema().dtypes()) if _WIDE.get(dtype) is exp.DType.BIGINT
    ]
    return frame.with_columns(pl.nth(wide).cast(pl.Int64)) if wide else frame


def _is_narrow(node: exp.Expr) -> bool:
    match node:
        case exp.Anonymous(this=str() as name) if name.lower() == "date_part":
            return bool(node.expressions) and _is_whole(node.expressions[0].name)
        case exp.Anonymous(this=str() as name):
            return name.lower() in _NARROW
        case exp.Extract():
            return _is_whole(node.this.name)
    return True


def _is_whole(part: str) -> bool:
    word = part.lower()
    return word not in _NOT_WHOLE and not word.startswith(_FINER_THAN_SECONDS)


def _widened(node: exp.Expr, wide: exp.DType, tree: exp.Expr) -> exp.Expr:
    cast = exp.Cast(to=exp.DataType(this=wide))
    node.replace(cast)
    cast.set("this", node)
    return cast if node is tree else tree
