"""Types that a column can be cast to, by the words of the params."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import polars as pl

from processor.analyses.times import near
from processor.type_words import PLAIN, SIZED

TYPES: Final[Mapping[str, pl.DataType]] = MappingProxyType({**PLAIN, **SIZED, "category": pl.Categorical()})
DECIMAL: Final = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
TYPE_PATTERN: Final = rf"^({'|'.join(TYPES)}|decimal\([1-9][0-9]?,[0-9]{{1,2}}\))$"
TRUE, FALSE = ("true", "t", "yes", "y", "1"), ("false", "f", "no", "n", "0")
MOST_DIGITS: Final = 38


def type_named(word: str) -> pl.DataType | None:
    """The type, or None where a decimal has more digits than there are."""
    match = DECIMAL.fullmatch(word)
    if match is None:
        return TYPES[word]
    precision, scale = int(match[1]), int(match[2])
    return pl.Decimal(precision, scale) if scale <= precision <= MOST_DIGITS else None


def cast(column: pl.Expr, have: pl.DataType, want: pl.DataType) -> pl.Expr:
    """The column in another type; null where a value has no form in it: 1e300 in 32 bits, a far time as text."""
    if isinstance(have, pl.Date | pl.Datetime) and want in (pl.String, pl.Categorical):
        return near(column, have).cast(want, strict=False)
    if want == pl.Float32 and (have.is_numeric() or have == pl.String):
        return _narrow(column)
    return _read(column, want) if have == pl.String else column.cast(want, strict=False)


def _read(column: pl.Expr, want: pl.DataType) -> pl.Expr:
    """What a text says."""
    match want:
        case pl.Boolean():
            word = column.str.strip_chars().str.to_lowercase()
            return pl.when(word.is_in(TRUE)).then(True).when(word.is_in(FALSE)).then(False).otherwise(None)  # noqa: FBT003
        case pl.Date():
            return column.str.to_date(strict=False)
        case pl.Datetime():
            return column.str.to_datetime(time_unit="us", strict=False)
        case pl.Time():
            return column.str.to_time(strict=False)
    return column.cast(want, strict=False)


def _narrow(column: pl.Expr) -> pl.Expr:
    """A number in 32 bits; Polars makes infinity of one that is too large."""
    wide = column.cast(pl.Float64, strict=False)
    narrow = wide.cast(pl.Float32)
    return pl.when(narrow.is_infinite() & wide.is_finite()).then(None).otherwise(narrow)
