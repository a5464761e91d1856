"""The one pass over the table: all rules that can share it do, and its rows come in their order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import polars as pl

from processor.analyses.batches import batches, check_complete
from processor.analyses.validate.checks import Check
from processor.analyses.validate.columns import with_texts
from processor.reading import Table
from processor.run import Run

BATCH_ROWS = 1 << 16
BATCH_BYTES = 16 << 20
LEAST_ROWS = 1 << 10


@dataclass(slots=True, kw_only=True)
class Seen:
    """How many rows the pass saw."""

    rows: int = 0


def check_head(table: Table, checks: Sequence[Check]) -> Seen:
    """Check the sample alone."""
    seen = Seen()
    for batch in _batches(table, checks, table.head.lazy()):
        _take(batch, checks, seen)
    return seen


def check_all(run: Run, table: Table, checks: Sequence[Check]) -> Seen:
    """Check every row in one streaming pass."""
    seen = Seen()
    for batch in _batches(table, checks, table.frame):
        _take(batch, checks, seen)
        _tell(run, table, seen.rows)
    check_complete(table, seen.rows)
    run.progress(rows=seen.rows, rows_total=seen.rows, bytes_read=table.bytes)
    return seen


def _batches(table: Table, checks: Sequence[Check], frame: pl.LazyFrame) -> Iterator[pl.DataFrame]:
    wanted: dict[str, pl.Expr] = {}
    for check in checks:
        wanted |= check.expressions()
    # Of text every field is read, whatever the rules need: a value that does not fit its column's type shows only so.
    needed = range(len(table.head.columns)) if table.format == "csv" else range(1)
    columns = [pl.nth(number).alias(f"value{number}") for number in needed]
    names = {f"value{number}" for number in needed}
    masks = [expression.alias(name) for name, expression in wanted.items() if name not in names]
    chosen = with_texts(frame).select(*columns, *masks)
    return batches(chosen, rows=_batch_rows(table))


def _take(batch: pl.DataFrame, checks: Sequence[Check], seen: Seen) -> None:
    for check in checks:
        check.take(batch, first=seen.rows + 1)
    seen.rows += batch.height


def _tell(run: Run, table: Table, rows: int) -> None:
    total = table.rows_expected
    if total is None:
        run.progress(rows=rows)
        return
    total = max(total, rows)
    run.progress(rows=rows, rows_total=total, bytes_read=round(table.bytes * rows / max(1, total)))


def _batch_rows(table: Table) -> int:
    width = table.head.estimated_size() / max(1, table.head.height)
    return max(LEAST_ROWS, min(BATCH_ROWS, int(BATCH_BYTES / max(1.0, width))))
