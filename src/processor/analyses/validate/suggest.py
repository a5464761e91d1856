"""Rules that hold on the data, derived from a few facts of it: a beginning, to be read before it is kept.

| what the data shows | what is suggested |
|---|---|
| columns and their types | a `schema` of all columns, in any order, no others |
| n rows | a `row_count` from n/2 to 2n (warning) |
| a column without nulls | `not_null` |
| nulls in less than a twentieth | `not_null` with twice that share tolerated (warning) |
| whole numbers, texts or times without a null or a repeated value, at least 20 rows | `unique` |
| up to 20 different texts, whole numbers or truth values, each ten times on average | `in_set` |
| other numbers, all finite | `between` the extremes, a tenth wider, below 0 only if one is (warning) |
| other texts | `length` from 0 or 1 to twice the longest (warning), and `regex` where all are of a well-known form |
| whole numbers or times whose first rows ascend | `monotonic` (info) |

Each is then checked on the whole table, and left out where it does not hold.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any, Final

import polars as pl
from pydantic import TypeAdapter

from processor.analyses.cells import shown_cells
from processor.analyses.validate.facts import FEW, Facts
from processor.analyses.validate.rules import AnyRule
from processor.analyses.validate.type_names import name_of_type
from processor.type_words import is_text

_MOST_COLUMNS: Final = 100
_MOST_IN_SCHEMA: Final = 5000
_LONGEST_TYPE: Final = 100
_LONGEST_NAME: Final = 1000
_LONGEST_VALUE: Final = 200
_LARGEST: Final = 1 << 53
_FORMS: Final = (
    ("UUID", "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"),
    ("e-mail address", r"^[^@\s]+@[^@\s]+\.[^@\s]+$"),
    ("web address", r"^https?://\S+$"),
    ("digits", "^[0-9]+$"),
    ("code", "^[A-Z0-9]+$"),
)
_RULES: TypeAdapter[AnyRule] = TypeAdapter(AnyRule)


def candidates(columns: Sequence[Facts], head: pl.DataFrame) -> list[AnyRule]:
    """Rules that may hold on a table with these columns, which begins with `head`; at most 500."""
    named = [column for column in columns if 0 < len(column.name) <= _LONGEST_NAME]
    rows = columns[0].rows if columns else 0
    wanted = [_of_schema(column) for column in named[:_MOST_IN_SCHEMA]]
    found: list[dict[str, Any]] = [
        {"rule": "schema", "columns": wanted, "extra": len(wanted) < len(columns)},
        {"rule": "row_count", "min": rows // 2, "max": 2 * rows, "severity": "warning"},
    ]
    for column in named[:_MOST_COLUMNS] if rows else ():
        values = head[column.name]
        found += _of_column(column, values.cast(pl.String) if is_text(values.dtype) else values)
    return [_RULES.validate_python(rule) for rule in found]


def _of_schema(column: Facts) -> dict[str, Any]:
    """The column with its type, where that has a name of a length that a rule may give."""
    type_ = name_of_type(column.dtype)
    return {"name": column.name} | ({"type": type_} if len(type_) <= _LONGEST_TYPE else {})


def _of_column(column: Facts, head: pl.Series) -> Iterator[dict[str, Any]]:
    yield from _of_nulls(column)
    if column.nulls == column.rows:
        return
    values = _few(column)
    if _may_be_unique(column, head):
        yield {"rule": "unique", "columns": [column.name]}
    elif values:
        yield {"rule": "in_set", "column": column.name, "values": values}
        return
    if column.dtype == pl.String:
        yield from _of_texts(column, head)
    else:
        yield from _of_numbers(column)
    if _ascends(head):
        yield {"rule": "monotonic", "column": column.name, "severity": "info"}


def _of_nulls(column: Facts) -> Iterator[dict[str, Any]]:
    if not column.nulls:
        yield {"rule": "not_null", "column": column.name}
    elif column.nulls < column.rows / 20:
        share = math.ceil(2000 * column.nulls / column.rows) / 1000
        yield {"rule": "not_null", "column": column.name, "tolerance_share": share, "severity": "warning"}


def _may_be_unique(column: Facts, head: pl.Series) -> bool:
    dtype = column.dtype
    sort = dtype.is_integer() or dtype == pl.String or dtype in (pl.Date, pl.Datetime)
    return bool(sort and not column.nulls and column.rows >= FEW and head.n_unique() == head.len())


def _few(column: Facts) -> list[Any]:
    """All values of a column that has few of them; empty for any other."""
    few = column.few
    if few is None or column.rows - column.nulls < 10 * few.len():
        return []
    if few.dtype == pl.String and int(few.str.len_chars().max() or 0) > _LONGEST_VALUE:  # type: ignore[arg-type]  # a number
        return []
    return shown_cells(few.sort())


def _of_numbers(column: Facts) -> Iterator[dict[str, Any]]:
    low, high = column.low, column.high
    if low is None or high is None or column.nan or max(abs(low), abs(high)) > _LARGEST:
        return
    spread = (high - low) / 10
    least, most = (0 if low >= 0 else low - spread), high + spread
    if column.dtype.is_integer():
        least, most = math.floor(least), math.ceil(most)
    yield {"rule": "between", "column": column.name, "min": least, "max": most, "severity": "warning"}


def _of_texts(column: Facts, head: pl.Series) -> Iterator[dict[str, Any]]:
    shortest, longest = int(column.low or 0), int(column.high or 0)
    bounds = {"min": min(1, shortest), "max": max(1, 2 * longest)}
    yield {"rule": "length", "column": column.name, **bounds, "severity": "warning"}
    texts = head.drop_nulls()
    for form, pattern in _FORMS:
        if texts.len() >= FEW and texts.str.contains(pattern).all():
            yield {"rule": "regex", "column": column.name, "pattern": pattern, "name": f"{form} {column.name}"[:200]}
            return


def _ascends(head: pl.Series) -> bool:
    values = head.drop_nulls()
    ranged = values.dtype.is_integer() or values.dtype in (pl.Date, pl.Datetime)
    return bool(ranged and values.len() >= FEW and values.head(1).ne(values.tail(1)).item() and values.is_sorted())
