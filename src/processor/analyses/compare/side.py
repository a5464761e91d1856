"""One of the two tables, read once and kept where its rows can be matched: in memory, or in shards on disk.

Reading comes first and matching after it, so that a fault of one file is never taken for one of the other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

import polars as pl

from processor.analyses.batches import check_complete
from processor.analyses.compare.kept import kept
from processor.analyses.compare.layout import Layout
from processor.analyses.compare.match import keys_of
from processor.analyses.compare.pair import Pair, SideName
from processor.analyses.compare.shard import Shard
from processor.analyses.part_run import PartRun
from processor.analyses.rows import numbered
from processor.analyses.shards import cut
from processor.kind import Input
from processor.reading import ReadOptions, Table, read
from processor.run import LogLevel, Run

_folders = count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What the first rows of a table tell.

    Attributes:
        rows: how many there may be; None where nothing can be said.
        bytes: size of the file as handed in.
    """

    schema: pl.Schema
    rows: int | None
    bytes: int
    head: pl.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A table that was read to its end; its columns are those that are compared, and `ROW`."""

    schema: pl.Schema
    rows: int
    shards: Sequence[Shard]
    flaws: Mapping[str, object]


def look(run: Run, source: Input, options: ReadOptions) -> Look:
    """A first look, in silence: what is to be told of the file is told when it is read.

    Raises:
        InputError: the file holds no table.
    """

    def work(table: Table) -> Look:
        return Look(schema=table.head.schema, rows=table.rows_expected, bytes=table.bytes, head=table.head)

    return read(_Silent(run), source, options, work)


def keep(
    run: Run, source: Input, side: SideName, options: ReadOptions, pairs: Sequence[Pair], *, layout: Layout
) -> Side:
    """Read a table to its end and keep its columns.

    Where a column turns out to be of another type than its pair says, it is kept as it is and the shards mean nothing.

    Raises:
        InputError: the file holds no table that could be read.
    """
    run = PartRun(run, scratch=run.scratch, label=f"{source.name}: ")

    def work(table: Table) -> Side:
        table.prepare()
        run.phase(f"read {source.name}")
        schema = table.head.schema
        places = {name: place for place, name in enumerate(schema)}
        found = [pair.found_to_be(side, schema[pair.name]) for pair in pairs if pair.name in schema]
        columns = [kept(pair, side, places[pair.name]) for pair in found]
        frame = numbered(table.frame.select(columns))
        folder = run.scratch / f"{source.name}{next(_folders)}"
        told = _Teller(run, table)
        if layout.in_memory or not columns:
            parts = [frame.collect(engine="streaming").lazy()]
        else:
            hashed = [pair.hashed(side) for pair in keys_of(pairs)] if found == pairs else [pl.lit(0)]
            parts = cut(
                frame,
                hashed,
                count=layout.shards,
                folder=folder,
                tell=told.tell,
                packed=layout.packed,
                pile_bytes=layout.pile_bytes,
            )
        shards = [Shard.of(part, frame.collect_schema()) for part in parts]
        # Without any column no row was read.
        rows = sum(shard.rows for shard in shards) if columns else _height(table.frame)
        check_complete(table, rows)
        return Side(schema=schema, rows=rows, shards=shards, flaws=table.flaws.as_json())

    return read(run, source, options, work)


def _height(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect(engine="streaming").item())


class _Teller:
    def __init__(self, run: Run, table: Table) -> None:
        self._run = run
        self._table = table

    def tell(self, rows: int) -> None:
        total = self._table.rows_expected
        self._run.progress(rows=rows, rows_total=None if total is None else max(total, rows))


class _Silent:
    """A run that tells nobody."""

    def __init__(self, run: Run) -> None:
        self.scratch = run.scratch
        self.memory_mb = run.memory_mb
        self.low_memory = run.low_memory

    def phase(self, name: str) -> None: ...

    def progress(
        self,
        *,
        rows: int | None = None,
        rows_total: int | None = None,
        bytes_read: int | None = None,
        fraction: float | None = None,
    ) -> None: ...

    def log(self, level: LogLevel, message: str) -> None: ...

    def warn(self, code: str, message: str) -> None: ...

    def partial(self, result: Mapping[str, object], *, estimate: bool) -> None: ...

    def artifact(self, name: str, path: object, *, media_type: str) -> None: ...
