"""What the result says of the table as a whole: duplicate rows, examples, keys."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from processor.analyses.json_rows import json_cell
from processor.analyses.profile import duplicates
from processor.analyses.profile.keys import is_shown, keys
from processor.analyses.profile.personal import personal
from processor.analyses.profile.scan import Counted
from processor.analyses.times import listed_values
from processor.analyses.values import json_value, json_values

MOST_COLUMNS = 100
# The excess kurtosis of an exponential distribution is 6.
_HEAVY = 10


def duplicate_rows(counted: Counted, columns: Sequence[Mapping[str, object]]) -> dict[str, object] | None:
    """How many rows repeat an earlier one; None where it was not asked for."""
    if counted.hashes is None:
        return None
    found = counted.hashes.duplicates()
    if found.error is None:
        return _rows(found.rows, counted) | {"exact": True, "method": "row hashes of 64 bits"}
    if any(_is_key(column) for column in columns):
        return _rows(0, counted) | {"exact": True, "method": "a column is unique"}
    return _rows(found.rows, counted) | {"exact": False, "method": duplicates.METHOD, "error": found.error}


def keys_of(columns: Sequence[Mapping[str, object]]) -> list[dict[str, object]]:
    """The columns that could be a key: no nulls, no value twice."""
    return [
        {"column": column["name"], "exact": unique["exact"]}
        for column in columns
        if isinstance(unique := column.get("unique"), dict) and unique["value"] and not column["nulls"]
    ]


def heavy_tailed(columns: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns of numbers with a few values so extreme that a sample without them says little of the whole."""
    return [column["name"] for column in columns if (column.get("kurtosis") or 0) > _HEAVY]


def examples(rows: pl.DataFrame, count: int) -> dict[str, object]:
    """The first rows of the table, at most 100 columns of them."""
    taken = rows.head(count).get_columns()[:MOST_COLUMNS]
    cells = [_cells(column) for column in taken]
    return {"columns": [column.name for column in taken], "rows": [list(row) for row in zip(*cells, strict=True)]}


def _cells(column: pl.Series) -> list[object]:
    if not is_shown(column.dtype) or column.null_count() == column.len():
        return _written(column)
    present = iter(json_values(keys(column.drop_nulls())))
    return [None if missing else next(present) for missing in column.is_null()]


def _written(column: pl.Series) -> list[object]:
    """What has no key that can be read, as JSON."""
    try:
        values = listed_values(column)
    except (ValueError, OverflowError):  # a map with times that Python has no value for
        return [None if missing else f"({column.dtype})" for missing in column.is_null()]
    return [None if value is None else json_value(json.dumps(json_cell(value), ensure_ascii=False)) for value in values]


def _is_key(column: Mapping[str, object]) -> bool:
    match column:
        case {"unique": {"value": True, "exact": True}, "nulls": 0}:
            return True
    return False


def _rows(found: int, counted: Counted) -> dict[str, object]:
    return {"rows": found, "share": found / counted.rows if counted.rows else 0.0}


def quality(data: Mapping[str, Any]) -> dict[str, object]:
    """The table in a handful of figures, each from 0 to 1 or a count.

    `completeness` is the share of cells that hold a value, `uniqueness` that of rows that repeat none before, `purity`
    the mean share of values that fit their column's meaning, over the columns of texts that have one.
    """
    columns, rows = data["columns"], data["rows"]
    cells = rows * len(columns)
    shares = [column["meaning"]["share"] for column in columns if "share" in column.get("meaning", {})]
    return {
        "completeness": 1 - sum(column["nulls"] for column in columns) / cells if cells else None,
        "uniqueness": 1 - data["duplicates"]["share"] if data["duplicates"] else None,
        "purity": sum(shares) / len(shares) if shares else None,
        "complete_columns": sum(not column["nulls"] for column in columns),
        "empty_columns": sum(not column["count"] for column in columns),
        "personal_columns": sum(any(personal(column)) for column in columns),
        "types": dict(sorted(Counter(column["type"] for column in columns).items())),
        "alerts": dict(sorted(Counter(alert["code"] for alert in data["alerts"]).items())),
    }
