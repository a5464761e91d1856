"""The one pass over the table: batches stream by, every column counts, progress is told."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import polars as pl

from processor.analyses.batches import batches, check_complete
from processor.analyses.profile.column import Column
from processor.analyses.profile.duplicates import RowHashes
from processor.analyses.profile.room import leaves, room_for
from processor.analyses.profile.row_sample import RowSample
from processor.reading import Table
from processor.run import Run

BATCH_BYTES = 16 << 20
BATCH_ROWS = 1 << 16
LEAST_ROWS = 1 << 8
# A batch's columns are counted side by side: Polars lets go of the interpreter while it works.
COUNTERS = 2
FIRST_CELLS = 1_000_000


@dataclass(slots=True, kw_only=True)
class Counted:
    """What a pass found, or has found so far.

    Attributes:
        columns: each with what was counted of it.
        sample: some of the rows.
        hashes: of the rows, for duplicates; None where they are not asked for.
        rows: how many there were.
    """

    columns: list[Column]
    sample: RowSample
    hashes: RowHashes | None
    rows: int = 0

    @property
    def names(self) -> Sequence[str]:
        """The columns' names."""
        return [column.name for column in self.columns]

    @property
    def last_nulls(self) -> int:
        """Nulls in the last column: where lines break off, they are here."""
        return self.columns[-1].nulls if self.columns else 0

    def add(self, batch: pl.DataFrame, workers: ThreadPoolExecutor) -> None:
        """Take the next batch into account; its columns are in the order of `columns`."""
        self.rows += batch.height
        pairs = zip(self.columns, batch.get_columns(), strict=True)
        doing = [workers.submit(column.add, piece) for column, piece in pairs]
        doing.append(workers.submit(self.sample.add, batch))
        if self.hashes:
            doing.append(workers.submit(self.hashes.add, batch))
        for done in doing:
            done.result()


def sample_of(table: Table, names: Sequence[str]) -> pl.DataFrame:
    """The sampled rows; of a wide table fewer of them, from all over the sample."""
    rows = table.sample.frame
    # Counted are all columns before the pass begins: that must not take longer because there are more of them.
    return rows.gather_every(max(1, rows.height * len(names) // FIRST_CELLS))


def count_part(table: Table, names: Sequence[str], rows: pl.DataFrame) -> Counted:
    """Count only these columns of these rows."""
    counted = _empty(table, names, duplicates=False)
    with _workers() as workers:
        counted.add(rows.select(_positions(table, names)), workers)
    return counted


def count_all(
    run: Run, table: Table, names: Sequence[str], *, duplicates: bool, look: Callable[[Counted], None]
) -> Counted:
    """Count the whole table in one streaming pass; `look` is called between batches with what is counted so far."""
    counted = _empty(table, names, duplicates=duplicates)
    frame = table.frame.select(_positions(table, names))
    told = _Teller(run, table)
    with _workers() as workers:
        # In order, which costs nothing here: whether values rise is asked of neighbours.
        for batch in batches(frame, rows=_batch_rows(table)):
            counted.add(batch, workers)
            told.tell(counted.rows)
            look(counted)
    check_complete(table, counted.rows)
    told.finish(counted.rows)
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
        self._run.progress(
            rows=rows,
            rows_total=total,
            bytes_read=round(self._table.bytes * rows / max(1, total)),
            fraction=self._table.fraction(rows),
        )

    def finish(self, rows: int) -> None:
        """All rows were seen: what was estimated is known now."""
        self._run.progress(rows=rows, rows_total=rows, bytes_read=self._table.bytes)


def _workers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=COUNTERS, thread_name_prefix="count")


def _empty(table: Table, names: Sequence[str], *, duplicates: bool) -> Counted:
    whole = table.head.schema
    schema = pl.Schema({name: whole[name] for name in names})
    room = room_for(sum(map(leaves, schema.dtypes())))
    return Counted(
        columns=[Column(name, dtype, room) for name, dtype in schema.items()],
        sample=RowSample(schema),
        hashes=RowHashes() if duplicates else None,
    )


def _positions(table: Table, names: Sequence[str]) -> pl.Expr:
    # By position: a column may be named `*` or `^a.*$`, which `pl.col` would take for many.
    order = {name: number for number, name in enumerate(table.head.columns)}
    return pl.nth([order[name] for name in names])


def _batch_rows(table: Table) -> int:
    """Rows of a batch so that it stays small however wide the table is."""
    width = table.head.estimated_size() / max(1, table.head.height)
    return max(LEAST_ROWS, min(BATCH_ROWS, int(BATCH_BYTES / max(1.0, width))))
