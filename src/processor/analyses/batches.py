"""A table batch by batch, and an error where Polars fails: never fewer rows without a word.

`LazyFrame.collect_batches` gives no more batches when Polars panics, and raises nothing: a check would pass on rows
that it never saw. `sink_batches` raises, but calls us from a thread of the engine, where we must not compute. So it
runs in a thread of ours that hands over one batch after the other, and its error as the last.
"""

from collections.abc import Iterator
from queue import SimpleQueue
from threading import Event, Semaphore, Thread

import polars as pl

from processor.reading import Table

BATCH_ROWS = 1 << 16
_WAITING = 1  # so many batches are ready beside the one that is worked on


class RowsMissingError(Exception):
    """A pass saw another number of rows than the file has: nothing may be said about it."""


def batches(frame: pl.LazyFrame, *, rows: int = BATCH_ROWS, in_order: bool = True) -> Iterator[pl.DataFrame]:
    """The frame's rows in pieces of about `rows`.

    Args:
        frame: what is computed, by the streaming engine, no further than one batch ahead.
        rows: how many rows a piece has at most.
        in_order: whether the rows come in their order.

    Raises:
        BaseException: whatever Polars raises, a panic too.
    """
    handover = _Handover()
    engine = Thread(
        target=handover.run, args=(frame,), kwargs={"rows": rows, "in_order": in_order}, name="batches", daemon=True
    )
    engine.start()
    try:
        while (batch := handover.take()) is not None:
            yield batch
    finally:
        handover.stop()
        engine.join()


def check_complete(table: Table, rows: int) -> None:
    """Pass if a pass over the table saw as many rows as it has, where that is known from the file itself.

    Raises:
        RowsMissingError: it did not.
    """
    if table.rows is not None and rows != table.rows:
        raise RowsMissingError(f"{rows} rows were seen of {table.rows}")


class _Handover:
    """Between the engine's thread, which waits while `_WAITING` batches are not taken, and the one that works."""

    def __init__(self) -> None:
        self._ready: SimpleQueue[pl.DataFrame | BaseException | None] = SimpleQueue()
        self._room = Semaphore(_WAITING)
        self._stopped = Event()

    def run(self, frame: pl.LazyFrame, *, rows: int, in_order: bool) -> None:
        last: BaseException | None = None
        try:
            frame.sink_batches(self._put, chunk_size=rows, maintain_order=in_order, engine="streaming")
        except BaseException as error:  # noqa: BLE001 - it is raised where the batches are taken
            last = error
        self._ready.put(last)

    def _put(self, batch: pl.DataFrame) -> bool:
        """Give a batch; True tells Polars to stop."""
        self._room.acquire()
        if not self._stopped.is_set():
            self._ready.put(batch)
        return self._stopped.is_set()

    def take(self) -> pl.DataFrame | None:
        given = self._ready.get()
        if isinstance(given, BaseException):
            raise given
        self._room.release()
        return given

    def stop(self) -> None:
        """The engine's thread ends at its next batch."""
        self._stopped.set()
        self._room.release()
