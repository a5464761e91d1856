"""How far the scans of the inputs are."""

from collections.abc import Mapping
from threading import Lock

import polars as pl

from processor.analyses.query.tables import Tables
from processor.run import Run


class Scanning:
    """Counts the rows that the scans give out, and tells them as progress.

    A scan leaves out rows where a condition reached it; then what it gives out is no measure of how far it is, and
    only the rows are told. After the scans nothing can be measured.
    """

    def __init__(self, run: Run, tables: Tables, planned: pl.LazyFrame) -> None:
        self._run = run
        self._tables = tables
        self._lock = Lock()
        self._rows = 0
        self._total = _rows_to_come(tables, planned)

    @property
    def rows(self) -> int:
        """How many rows the scans gave out so far."""
        return self._rows

    def frames(self) -> Mapping[str, pl.LazyFrame]:
        """The tables' frames, counted."""
        return {
            name: table.frame.map_batches(
                self._count, streamable=True, projection_pushdown=True, predicate_pushdown=True
            )
            for name, table in self._tables.items()
        }

    def _count(self, batch: pl.DataFrame) -> pl.DataFrame:
        with self._lock:
            self._rows += batch.height
            rows = self._rows
        self._run.progress(rows=rows, rows_total=None if self._total is None else max(self._total, rows))
        return batch


def _rows_to_come(tables: Tables, planned: pl.LazyFrame) -> int | None:
    """How many rows the scans will give out, where each of them gives out all of its table."""
    plan = planned.explain(engine="streaming")
    scans = plan.count(" SCAN [")
    expected = [table.rows_expected for table in tables.values()]
    if "SELECTION:" in plan or "SLICE" in plan or scans != len(tables) or None in expected:
        return None
    return sum(rows for rows in expected if rows is not None)
