"""Rows of a table that are matched at once, kept by columns: in memory, or in files of which a column is read alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as counting
from shutil import rmtree
from typing import Final, TypeVar

import polars as pl

from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.shards import cut, shards_for, size_of
from processor.run import Run

T = TypeVar("T")
U = TypeVar("U")
_SAMPLE: Final = 10_000
_folders = counting()


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows of a table, in their order; `rows` of them, whose places count from 0."""

    frame: pl.LazyFrame
    rows: int

    def column(self, value: pl.Expr | str) -> pl.Series:
        """All values of an expression over one column."""
        return self.columns([value]).to_series()

    def columns(self, values: Sequence[pl.Expr | str]) -> pl.DataFrame:
        """All values of some expressions, as many as there are rows.

        Raises:
            AssertionError: there are not.
        """
        found = self.frame.select(values).collect(engine="streaming")
        assert found.height == self.rows, f"{found.height} rows came of {self.rows}"
        return found


def shard_of(frame: pl.LazyFrame) -> Shard:
    """The shard that a frame is, which is cheap to count."""
    return Shard(frame, int(frame.select(pl.len()).collect().item()))


def smaller(run: Run, left: Shard, right: Shard, keys: Sequence[Pair]) -> Iterator[tuple[Shard, Shard]]:
    """Two shards, cut further where there is no room in memory for whole rows; they are gone at the end."""
    size = sum(size_of(shard.frame.head(_SAMPLE).collect(), shard.rows) for shard in (left, right))
    count = shards_for(run, size)
    if count == 1:
        yield left, right
        return
    folder = run.scratch / f"smaller{next(_folders)}"
    folder.mkdir()
    try:
        sides: tuple[tuple[Shard, SideName], ...] = (left, "left"), (right, "right")
        cuts = [
            cut(shard.frame, [key.hashed(side) for key in keys], count=count, folder=folder / side, seed=1)
            for shard, side in sides
        ]
        for one, other in zip(*cuts, strict=True):
            yield shard_of(one), shard_of(other)
    finally:
        rmtree(folder)


def at_once(work: Callable[[T], U], items: Sequence[T]) -> list[U]:
    """What `work` makes of each item, as many at a time as Polars has threads; the first error is raised."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="compare") as threads:
        return list(threads.map(work, items))
