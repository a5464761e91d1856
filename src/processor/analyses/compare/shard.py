"""Rows of a table that are matched at once, kept by columns: in memory, or in files of which a column is read alone."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as counting
from shutil import rmtree
from typing import Final, Self, TypeVar

import polars as pl

from processor.analyses.batches import RowsMissingError
from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.shards import cut, shards_for, size_of, with_texts
from processor.run import Run

T = TypeVar("T")
U = TypeVar("U")
_SAMPLE: Final = 10_000
_folders = counting()


@dataclass(frozen=True, slots=True)
class Shard:
    """Some rows of a table, in their order, whose places count from 0.

    Attributes:
        kept: they, as they are kept; in files with bytes for texts.
        frame: they, with texts.
        rows: how many they are.
    """

    kept: pl.LazyFrame
    frame: pl.LazyFrame
    rows: int

    @classmethod
    def of(cls, kept: pl.LazyFrame, schema: pl.Schema) -> Self:
        """The shard that a frame is, which is cheap to count; `schema` is that of its table."""
        return cls(kept, with_texts(kept, schema), int(kept.select(pl.len()).collect().item()))

    def values(self, name: str) -> pl.Series:
        """All values of a column as they are kept: of texts perhaps the bytes."""
        return self._all(self.kept, [name]).to_series()

    def column(self, value: pl.Expr | str) -> pl.Series:
        """All values of an expression over columns."""
        return self.columns([value]).to_series()

    def columns(self, values: Sequence[pl.Expr | str]) -> pl.DataFrame:
        """All values of some expressions.

        Raises:
            RowsMissingError: there are not as many as rows.
        """
        return self._all(self.frame, values)

    def at(self, name: str, places: pl.Series) -> pl.Series:
        """The values of a column at some places; null where that is null."""
        dtype = self.frame.collect_schema()[name]
        return self.values(name).gather(places).cast(dtype) if places.len() else pl.Series(name, [], dtype=dtype)

    def _all(self, frame: pl.LazyFrame, values: Sequence[pl.Expr | str]) -> pl.DataFrame:
        found = frame.select(values).collect(engine="streaming")
        if found.height != self.rows:
            raise RowsMissingError(f"{found.height} rows came of {self.rows}")
        return found


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
            yield Shard.of(one, left.frame.collect_schema()), Shard.of(other, right.frame.collect_schema())
    finally:
        rmtree(folder)


def at_once(work: Callable[[T], U], items: Sequence[T]) -> list[U]:
    """What `work` makes of each item, as many at a time as Polars has threads; the first error is raised."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(pl.thread_pool_size(), thread_name_prefix="compare") as threads:
        return list(threads.map(work, items))
