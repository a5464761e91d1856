"""How much memory one column may use: what there is is shared, so that 500 columns need no more than 16.

Fewer places mean larger errors, never wrong ones: each estimate states the error of the room that it had.
"""

from dataclasses import dataclass

import polars as pl

_SHARED_VALUES = 1 << 22
_SHARED_BYTES = 64 << 20
_SHARED_CHECKS = 1 << 21
_SHARED_RANKS = 1 << 21
_SHARED_COUNTERS = 1 << 18
# However few rows they hold: each keeps buffers that are larger than what is in them, and a file has no end of batches.
PIECES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The bounds of one column.

    Attributes:
        values: up to so many different values are counted one by one, or by their hashes.
        bytes: and only while they need no more than this.
        counters: how many values the heavy hitters keep.
        ranks: values that a level of the rank sample holds.
        checks: how many values are looked at for what they mean.
    """

    values: int = 1 << 17
    bytes: int = 16 << 20
    counters: int = 1 << 12
    ranks: int = 1 << 16
    checks: int = 20_000


def room_for(columns: int) -> Room:
    """The room of each of so many columns; nested ones count with all that is in them."""
    return Room(
        values=_share(_SHARED_VALUES, columns, least=1 << 10, most=1 << 17),
        bytes=max(256 << 10, min(16 << 20, _SHARED_BYTES // max(1, columns))),
        counters=_share(_SHARED_COUNTERS, columns, least=1 << 8, most=1 << 12),
        ranks=_share(_SHARED_RANKS, columns, least=1 << 11, most=1 << 16),
        checks=max(1_000, min(20_000, _SHARED_CHECKS // max(1, columns))),
    )


def leaves(dtype: pl.DataType) -> int:
    """How many columns a type makes, with those inside of it."""
    match dtype:
        case pl.Struct(fields=fields):
            return 1 + sum(leaves(as_instance(field.dtype)) for field in fields)
        case pl.List(inner=inner) | pl.Array(inner=inner):
            return 1 + leaves(as_instance(inner))
        case pl.Map(key=key, value=inner):
            return 2 + leaves(as_instance(key)) + leaves(as_instance(inner))
    return 1


def as_instance(dtype: object) -> pl.DataType:
    """A type within another, which Polars says may be a class."""
    return dtype if isinstance(dtype, pl.DataType) else dtype()  # type: ignore[operator]  # a class


def _share(shared: int, columns: int, *, least: int, most: int) -> int:
    """A power of two, as halving needs it."""
    return max(least, min(most, 1 << ((shared // max(1, columns)).bit_length() - 1)))
