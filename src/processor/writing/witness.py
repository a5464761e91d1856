"""Sees the rows that are written, and counts what a format cannot say of their values."""

from collections.abc import Callable
from threading import Lock

import polars as pl

from processor.writing.form import CsvForm
from processor.writing.formats import FormatName
from processor.writing.losses import Loss
from processor.writing.observations import observations


class Witness:
    """Passes batches on unchanged; safe to call from several threads.

    Args:
        target: the format that is written.
        defuse: whether text that a spreadsheet would compute is changed.
        csv: how CSV is written.
        seen: called with the number of rows so far.

    Attributes:
        rows: how many were seen.
    """

    def __init__(self, target: FormatName, *, defuse: bool, csv: CsvForm, seen: Callable[[int], None]) -> None:
        self.rows = 0
        self._seen = seen
        self._observations = observations(target, defuse=defuse, csv=csv)
        self._lock = Lock()

    def look(self, batch: pl.DataFrame) -> pl.DataFrame:
        """Take a batch into account."""
        with self._lock:
            for each in self._observations:
                each.look(batch)
            self.rows += batch.height
            rows = self.rows
        self._seen(rows)
        return batch

    def losses(self) -> list[Loss]:
        """What was lost of the values, when all were seen."""
        return [loss for each in self._observations for loss in each.losses()]
