"""The columns of the result as a Parquet file: one row a column, for those who go on with a table and not with JSON."""

from collections.abc import Iterator, Mapping, Sequence
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
    "unique": pl.Boolean,
    "order": pl.String,
    "min": pl.String,
    "max": pl.String,
    "mean": pl.String,
    "std": pl.String,
    "sum": pl.Float64,
    "skewness": pl.Float64,
    "kurtosis": pl.Float64,
    "zeros": pl.Int64,
    "negatives": pl.Int64,
    "nan": pl.Int64,
    "infinite": pl.Int64,
    "empty": pl.Int64,
    "blank": pl.Int64,
    "padded": pl.Int64,
    "length_min": pl.Int64,
    "length_max": pl.Int64,
    "length_mean": pl.Float64,
    "meaning": pl.String,
    "granularity": pl.String,
}
# They have no one type over all columns, so they stand as text.
_MIXED = ("min", "max", "mean", "std")


def write_columns(path: Path, columns: Sequence[Mapping[str, object]]) -> None:
    """Write one row a column; those inside of others follow them, named `outer.inner`."""
    rows = [_row(name, column) for column in columns for name, column in _with_inside("", column)]
    pl.DataFrame(rows, schema=_PLAIN, orient="row").write_parquet(path)


def _with_inside(outer: str, column: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    name = f"{outer}{column['name']}"
    yield name, column
    match column:
        case {"fields": list(fields)}:
            for field in fields:
                yield from _with_inside(f"{name}.", field)
        case {"items": dict(items)}:
            yield from _with_inside(f"{name}.", items)


def _row(name: str, column: Mapping[str, object]) -> list[object]:
    row = dict(column) | {"name": name}
    for outer, inner, flat in _NESTED:
        match column.get(outer):
            case {**parts}:
                row[flat] = parts.get(inner)
    for mixed in _MIXED:
        row[mixed] = None if row.get(mixed) is None else str(row[mixed])
    row["sum"] = None if row.get("sum") is None else float(str(row["sum"]))
    return [row.get(name) for name in _PLAIN]


_NESTED = (
    ("distinct", "exact", "distinct_exact"),
    ("distinct", "value", "distinct"),
    ("unique", "value", "unique"),
    ("length", "min", "length_min"),
    ("length", "max", "length_max"),
    ("length", "mean", "length_mean"),
    ("meaning", "type", "meaning"),
)
