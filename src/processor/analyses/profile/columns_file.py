"""The columns of the result as a Parquet file: one row a column, for those who go on with a table and not with JSON."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

_PLAIN = {
    "name": pl.String,
    "dtype": pl.String,
    "type": pl.String,
    "count": pl.Int64,
    "nulls": pl.Int64,
    "distinct": pl.Int64,
    "distinct_exact": pl.Boolean,
    "min": pl.String,
    "max": pl.String,
    "mean": pl.String,
    "std": pl.Float64,
    "zeros": pl.Int64,
    "negatives": pl.Int64,
    "nan": pl.Int64,
    "infinite": pl.Int64,
}


def write_columns(path: Path, columns: Sequence[Mapping[str, object]]) -> None:
    """Write one row a column; what has no one type over all columns (min, max, mean) stands as text."""
    pl.DataFrame([_row(column) for column in columns], schema=_PLAIN, orient="row").write_parquet(path)


def _row(column: Mapping[str, object]) -> list[object]:
    row = dict(column)
    match column.get("distinct"):
        case {"value": value, "exact": exact}:
            row |= {"distinct": value, "distinct_exact": exact}
    for name in ("min", "max", "mean"):
        row[name] = None if row.get(name) is None else str(row[name])
    return [row.get(name) for name in _PLAIN]
