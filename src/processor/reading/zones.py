"""Time zones that Polars does not know, such as `+05:30`: the same instants in UTC.

Whole hours it turns into zones of the database by itself; pandas and Arrow write any offset. At an unknown one Polars
panics unless it is told not to look, which is private to it; should a release drop that, the file is refused as before.
"""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import polars as pl

from processor.reading.names import shown

_SETTING = "POLARS_IGNORE_TIMEZONE_PARSE_ERROR"


def allow_any_zone() -> None:
    """Let files with any zone be opened."""
    os.environ.setdefault(_SETTING, "1")


def in_utc(schema: Mapping[str, pl.DataType], tell: Callable[[str, str], None]) -> dict[Any, pl.DataType]:
    """The types to cast to, of those columns that have a zone that Polars does not know; `tell` is told of each."""
    found = {}
    for name, dtype in schema.items():
        known = _known(dtype)
        if known != dtype:
            found[name] = known
            tell("time_zones", f"Column {shown(name)} has a time zone of no known name; the same instants are in UTC.")
    return found


def _known(dtype: Any) -> pl.DataType:
    match dtype:
        case pl.Datetime(time_zone=str() as zone) if not _is_known(zone):
            return pl.Datetime(dtype.time_unit, "UTC")
        case pl.List():
            return pl.List(_known(dtype.inner))
        case pl.Array():
            return pl.Array(_known(dtype.inner), dtype.size)
        case pl.Struct():
            return pl.Struct({field.name: _known(field.dtype) for field in dtype.fields})
        case _:
            found: pl.DataType = dtype
            return found


def _is_known(zone: str) -> bool:
    try:
        # This looks at the zone in any case.
        pl.select(pl.lit(datetime(2000, 1, 1)).dt.replace_time_zone(zone))  # noqa: DTZ001 - it gets one here
    except pl.exceptions.ComputeError:
        return False
    return True
