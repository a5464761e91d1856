"""Values as JSON: nothing that JavaScript would lose, nothing that JSON has no word for."""

import math
from decimal import Decimal

import polars as pl

from processor.analyses.times import time_texts

SAFE_INTEGER = 1 << 53
TEXT_LENGTH = 200


def json_values(values: pl.Series) -> list[object]:
    """Integers beyond 2^53 and decimals that no float holds become strings, times ISO 8601, long texts are cut."""
    if values.dtype.is_temporal():
        return list(time_texts(values))
    return [json_value(value) for value in values]


def json_value(value: object) -> object:
    """One value that is no time."""
    match value:
        case bool() | None:
            return value
        case int():
            return value if abs(value) <= SAFE_INTEGER else str(value)
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return _decimal(value)
        case str():
            return value if len(value) <= TEXT_LENGTH else value[: TEXT_LENGTH - 1] + "…"
        case _:
            return str(value)


def _decimal(value: Decimal) -> float | int | str:
    number = float(value)
    if not math.isfinite(number) or Decimal(repr(number)) != value:
        return str(value)
    return number
