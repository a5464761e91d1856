"""A column of a table as it is kept to be compared: nested values as JSON, bytes as hex, all else as it is."""

from typing import Final

import polars as pl

from processor.analyses.compare.pair import TEXTS, Pair, SideName
from processor.analyses.times import iso
from processor.writing.nested import leaves, rebuild

NESTED: Final = (pl.List, pl.Array, pl.Struct)


def kept(pair: Pair, side: SideName, position: int) -> pl.Expr:
    """The column at a position of one of the tables.

    Durations that are compared with what is none are ISO 8601.
    """
    value, dtype, other = pl.nth(position), pair.type_of(side), pair.type_of("right" if side == "left" else "left")
    if dtype in NESTED:
        text = _json(value, dtype)
        # Hex of bytes may read like a text. JSON that has bytes equals none that has none.
        text = pl.lit(_BYTES) + text if _has_bytes(dtype) and not _has_bytes(other) else text
        value = pl.when(value.is_not_null()).then(text)
    elif isinstance(dtype, pl.Duration) and not isinstance(other, pl.Duration):
        value = value.dt.to_string("iso")
    elif dtype == pl.Binary:
        value = value.bin.encode("hex")
    elif dtype in TEXTS:
        value = value.cast(pl.String)
    return value.alias(pair.place)


def kept_type(dtype: pl.DataType) -> pl.DataType:
    """What the values of a column are, as it is kept; of bytes, what their hex stands for."""
    return pl.String() if dtype in (*NESTED, *TEXTS) else dtype


_BYTES: Final = "with bytes as hex "


def _has_bytes(dtype: pl.DataType) -> bool:
    return pl.Binary() in leaves(dtype)


def _json(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Nested values as JSON, in which NaN and infinity are words, and bytes are hex."""
    inside = leaves(dtype)
    is_plain = not any(leaf.is_float() or leaf.is_temporal() or leaf == pl.Binary for leaf in inside)
    plain = _encoded(value if is_plain else rebuild(value, dtype, _leaf))
    if not any(leaf.is_float() for leaf in inside):
        return plain
    spelt = _encoded(rebuild(value, dtype, lambda leaf, of: leaf.cast(pl.String) if of.is_float() else _leaf(leaf, of)))
    # JSON would say null of them, so a text with more nulls than the one with words has lost some.
    nulls = (text.str.count_matches("null", literal=True) for text in (plain, spelt))
    return pl.when(next(nulls) == next(nulls)).then(plain).otherwise(spelt)


def _encoded(value: pl.Expr) -> pl.Expr:
    return pl.struct(value.alias("value")).struct.json_encode()


def _leaf(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype == pl.Binary:
        return value.bin.encode("hex")
    if isinstance(dtype, pl.Date | pl.Datetime):
        return iso(value, dtype)  # Polars panics over those that are far away
    return value + 0.0 if dtype.is_float() else value  # of -0.0 and 0.0 one
