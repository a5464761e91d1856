"""The answer on its way into the file: its rows are counted, and the first ones kept to be shown.

Batches do not come in the answer's order, so each row carries its number up to here.
"""

from collections.abc import Mapping
from threading import Lock

import polars as pl

from processor.analyses.json_rows import json_rows

MOST_CELLS = 50_000


class Answer:
    """What a statement gives.

    Args:
        planned: the plan.
        preview_rows: how many first rows to keep.
        max_rows: how many rows to let pass; None: all.
    """

    def __init__(self, planned: pl.LazyFrame, *, preview_rows: int, max_rows: int | None) -> None:
        self._planned = planned
        self._schema = planned.collect_schema()
        self._shown = min(preview_rows, MOST_CELLS // max(1, len(self._schema)))
        self._most = max_rows
        self._number = _free_name(self._schema)
        self._lock = Lock()
        self._kept: list[pl.DataFrame] = []
        self.rows = 0
        self.cut = False

    @property
    def schema(self) -> pl.Schema:
        """The columns and their types."""
        return self._schema

    def frame(self) -> pl.LazyFrame:
        """The rows that go into the file."""
        # One row more than may pass tells whether there are more.
        rows = self._planned if self._most is None else self._planned.head(self._most + 1)
        numbered = rows.with_row_index(self._number)
        return numbered.map_batches(self._pass, streamable=True, schema=self._schema)

    def data(self) -> Mapping[str, object]:
        """Columns, row count and first rows, as JSON."""
        return {
            "columns": [{"name": name, "dtype": str(dtype)} for name, dtype in self._schema.items()],
            "rows": self.rows,
            "cut": self.cut,
            "preview": json_rows(self._first()),
        }

    def _pass(self, batch: pl.DataFrame) -> pl.DataFrame:
        numbers = pl.col(self._number)
        passing = batch if self._most is None else batch.filter(numbers < self._most)
        first = passing.filter(numbers < self._shown)
        with self._lock:
            self.rows += passing.height
            self.cut |= passing.height < batch.height
            if first.height:
                self._kept.append(first)
        return passing.drop(self._number)

    def _first(self) -> pl.DataFrame:
        if not self._kept:
            return pl.DataFrame(schema=self._schema)
        return pl.concat(self._kept).sort(self._number).drop(self._number)


def _free_name(schema: pl.Schema) -> str:
    name = "row"
    while name in schema:
        name += "_"
    return name
