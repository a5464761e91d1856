"""The one pass over the table: batches stream by, every column counts, progress is told."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.column import Column
from processor.reading import Table
from processor.run import Run

BATCH_BYTES = 16 << 20
BATCH_ROWS = 1 << 16
LEAST_ROWS = 1 << 10
# A batch's columns are counted side by side: Polars lets go of the interpreter while it works.
COUNTERS = 2


@dataclass(slots=True, kw_only=True)
class Counted:
    """What one pass found.

    Attributes:
        columns: each with what was counted of it.
        blank_lines: rows without any value are blank lines, and no rows.
        rows: how many there were.
        blank: how many blank lines were left out.
    """

    columns: list[Column]
    blank_lines: bool
    rows: int = 0
    blank: int = 0

    @property
    def last_nulls(self) -> int:
        """Nulls in the last column: where lines break off, they are here."""
        return self.columns[-1].nulls if self.columns else 0

    def add(self, batch: pl.DataFrame, workers: ThreadPoolExecutor | None = None) -> None:
        """Take one batch into account; its columns are in the order of `columns`."""
        if self.blank_lines:
            batch = self._without_blank(batch)
        self.rows += batch.height
        pairs = zip(self.columns, batch.get_columns(), strict=True)
        if workers is None:
            for column, piece in pairs:
                column.add(piece)
        else:
            for done in [workers.submit(column.add, piece) for column, piece in pairs]:
                done.result()

    def _without_blank(self, batch: pl.DataFrame) -> pl.DataFrame:
        # Cheap where it can be: a column without nulls in this batch proves that no row is blank.
        if any(not piece.null_count() for piece in batch.get_columns()):
            return batch
        full = batch.filter(~pl.all_horizontal(pl.all().is_null()))
        self.blank += batch.height - full.height
        return full


def count_head(table: Table, names: Sequence[str]) -> Counted:
    """Count the sample alone."""
    counted = _empty(table, names)
    counted.add(table.head.select(_positions(table, names)))
    return counted


def count_all(run: Run, table: Table, names: Sequence[str]) -> Counted:
    """Count the whole table in one streaming pass."""
    counted = _empty(table, names)
    frame = table.frame.select(_positions(table, names))
    rows = _batch_rows(table)
    told = _Teller(run, table)
    with ThreadPoolExecutor(max_workers=COUNTERS, thread_name_prefix="count") as workers:
        for batch in frame.collect_batches(chunk_size=rows, maintain_order=False, engine="streaming"):
            counted.add(batch, workers)
            told.tell(counted.rows + counted.blank)
    told.finish(counted.rows + counted.blank)
    return counted


class _Teller:
    """Progress of the pass: rows against the rows that there are, or may be."""

    def __init__(self, run: Run, table: Table) -> None:
        self._run = run
        self._table = table

    def tell(self, rows: int) -> None:
        """So many rows were seen; the bytes are in proportion."""
        total = self._table.rows_expected
        if total is None:
            self._run.progress(rows=rows)
            return
        total = max(total, rows)
        self._run.progress(rows=rows, rows_total=total, bytes_read=round(self._table.bytes * rows / max(1, total)))

    def finish(self, rows: int) -> None:
        """All rows were seen: what was estimated is known now."""
        self._run.progress(rows=rows, rows_total=rows, bytes_read=self._table.bytes)


def _empty(table: Table, names: Sequence[str]) -> Counted:
    schema = table.head.schema
    return Counted(
        columns=[Column(name, schema[name]) for name in names],
        # Where only some columns are read, a row without values is no sign of a blank line.
        blank_lines=table.blank_lines and len(names) == len(schema),
    )


def _positions(table: Table, names: Sequence[str]) -> pl.Expr:
    # By position: a column may be named `*` or `^a.*$`, which `pl.col` would take for many.
    order = {name: number for number, name in enumerate(table.head.columns)}
    return pl.nth([order[name] for name in names])


def _batch_rows(table: Table) -> int:
    """Rows of a batch so that it stays small however wide the table is."""
    width = table.head.estimated_size() / max(1, table.head.height)
    return max(LEAST_ROWS, min(BATCH_ROWS, int(BATCH_BYTES / max(1.0, width))))
