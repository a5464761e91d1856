"""Rows of a sheet as a frame: each column of the narrowest type that its values share."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from itertools import zip_longest
from typing import Any

import polars as pl

from processor.reading.merging import aligned, common
from processor.reading.names import unique_names
from processor.reading.spreadsheet.batch import Batch

_TYPES: dict[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    str: pl.String(),
    date: pl.Date(),
    datetime: pl.Datetime("us"),
    time: pl.Time(),
    timedelta: pl.Duration("us"),
}


def frame_of(batch: Batch, names: Sequence[str], mixed: set[str]) -> pl.DataFrame:
    """The rows under these names, and further ones if there are more columns.

    Args:
        batch: the rows.
        names: of the first columns; some may be empty.
        mixed: told of the columns that are text because their values are of several types.
    """
    width = max(len(names), batch.widest, max(batch.columns, default=-1) + 1)
    wide = unique_names([*names, *[""] * (width - len(names))])
    nothing = pl.repeat(None, len(batch.rows), dtype=pl.Null(), eager=True)
    columns = [nothing.alias(name) for name in wide[batch.widest :]]
    dense = [_series(name, values, mixed) for name, values in zip(wide, zip_longest(*batch.rows), strict=False)]
    columns = [*dense, *columns]
    for number, values in _apart(batch):
        columns[number] = _series(wide[number], values, mixed)
    return pl.DataFrame(columns)


def _apart(batch: Batch) -> Iterator[tuple[int, Sequence[Any]]]:
    """Columns in which some values stand apart; the others of theirs stand in the rows."""
    found: dict[int, dict[int, Any]] = {column: {} for column in sorted(batch.columns)}
    for row, far in batch.far.items():
        for column, value in far.items():
            found[column][row] = value
    for column, apart in found.items():
        beside = [row[column] if column < len(row) else None for row in batch.rows]
        for number, value in apart.items():
            beside[number] = value
        yield column, beside


def _series(name: str, values: Sequence[Any], mixed: set[str]) -> pl.Series:
    """A column of the narrowest type that its values share; text where there is none."""
    kinds = {type(value) for value in values if value is not None}
    dtype: pl.DataType = pl.Null()
    for kind in kinds:
        dtype = common(dtype, _TYPES[kind])
    if len(kinds) == 1 or dtype in {pl.Null(), pl.Float64(), pl.Datetime("us")}:
        return pl.Series(name, values, dtype=dtype, strict=False)
    if dtype == pl.String:
        mixed.add(name)
    return _of_kinds(name, values, kinds, dtype)


def _of_kinds(name: str, values: Sequence[Any], kinds: set[type], dtype: pl.DataType) -> pl.Series:
    """Values of several types as one, each made it as where a column changes its type later."""
    made = pl.Series(name, [None], dtype=dtype).new_from_index(0, len(values))
    for kind in kinds:
        own = pl.Series(name, [value if type(value) is kind else None for value in values], dtype=_TYPES[kind])
        same = aligned(own.to_frame(), {name: dtype}).to_series()
        made = same.zip_with(own.is_not_null(), made)
    return made
