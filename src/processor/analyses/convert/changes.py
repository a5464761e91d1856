"""What a cast leaves of a value: each is taken back to its old type, and is not the same where something was lost."""

from collections.abc import Mapping
from typing import Final

import polars as pl

_HAVE: Final = "have"
_MADE: Final = "made"


class Changes:
    """Counts the values that a cast changes: 12.5 that becomes 12, a moment that becomes a day, 2^53 + 1 as a float.

    Text is left out, on either side: it says the same in many ways.

    Args:
        schema: of the table.
        wanted: new types by the names of columns.
    """

    def __init__(self, schema: pl.Schema, wanted: Mapping[str, pl.DataType]) -> None:
        self._checks = {
            name: _changed(schema[name], dtype)
            for name, dtype in wanted.items()
            if schema[name] != dtype and not _says_the_same(schema[name]) and not _says_the_same(dtype)
        }

    def between(self, before: pl.DataFrame, after: pl.DataFrame) -> Mapping[str, int]:
        """How many values of each column are not what they were, and not missing either."""
        counts = {}
        for name, check in self._checks.items():
            # Under names of our own: a column may be named `^a$`, which a name would take for many.
            pair = pl.DataFrame([before.get_column(name).alias(_HAVE), after.get_column(name).alias(_MADE)])
            if count := int(pair.select(check.sum()).item()):
                counts[name] = count
        return counts


def zones_dropped(schema: pl.Schema, wanted: Mapping[str, pl.DataType]) -> list[str]:
    """The columns whose times lose their zone by a cast."""
    return [name for name, dtype in wanted.items() if _has_zone(schema[name]) and _is_time(dtype)]


def _changed(have: pl.DataType, want: pl.DataType) -> pl.Expr:
    made = pl.col(_MADE)
    if not _has_way(want, have):
        return made.is_not_null()
    return made.is_not_null() & made.cast(have, strict=False).ne_missing(pl.col(_HAVE))


def _has_way(start: pl.DataType, end: pl.DataType) -> bool:
    # Of a missing value Polars makes one of any type.
    zero = pl.Series([0]).cast(start)
    try:
        zero.cast(end, strict=False)
    except pl.exceptions.PolarsError:
        return False
    return True


def _says_the_same(dtype: pl.DataType) -> bool:
    """Nested values have no cast to any of the types that can be asked for."""
    return dtype.is_nested() or dtype in (pl.String, pl.Categorical, pl.Enum)


def _has_zone(dtype: pl.DataType) -> bool:
    return isinstance(dtype, pl.Datetime) and dtype.time_zone is not None


def _is_time(dtype: pl.DataType) -> bool:
    return dtype.is_temporal() and not _has_zone(dtype)
