"""A table cut into shards by the hash of its keys, so that rows with equal keys meet, and only one shard is in memory.

What fits into an eighth of the memory that a run may use is one shard and stays where it is. Else its rows are gathered
until there are enough for a file a shard, and written, while the next ones are read.

Texts are written as the bytes that they are: Polars looks at each text of a file again, whether it is UTF-8, and takes
several times as long for it as for the rest of the reading.
"""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Literal, Self

import polars as pl

from processor.analyses.batches import batches
from processor.run import Run

MOST_SHARDS = 256
_PILE_BYTES = 64 << 20
_ROWS_OF_A_FILE = 1 << 13
_ROWS_OF_A_PILE = 1 << 19
_SHARD = "~shard"


def shards_for(run: Run, size: float) -> int:
    """How many shards a table of so many bytes in memory needs: a power of two, and more after a run out of memory."""
    budget = (run.memory_mb << 20) / (32 if run.low_memory else 8)
    wanted = max(1, -int(-size // budget))
    return min(MOST_SHARDS, 1 << (wanted - 1).bit_length())


def size_of(sample: pl.DataFrame, rows: int) -> float:
    """Bytes in memory of so many rows like these."""
    return sample.estimated_size() / max(1, sample.height) * rows


class Shards:
    """Writes a table's shards.

    Args:
        folder: a new folder of scratch.
        schema: of the rows that come.
        keys: what is hashed; equal keys of two tables must be of the same type.
        count: how many shards.
        packed: compress the files.
        seed: of the hash; what is in one shard by one seed is in all by another.
        pile_bytes: so much is gathered before it is written; there are two of it in memory.
    """

    def __init__(
        self,
        folder: Path,
        *,
        schema: pl.Schema,
        keys: Sequence[pl.Expr],
        count: int,
        packed: bool,
        seed: int,
        pile_bytes: float,
    ) -> None:
        self._folder = folder
        self._schema = schema
        self._packing: Literal["lz4", "uncompressed"] = "lz4" if packed else "uncompressed"
        # Hashed here and not by the engine, which otherwise runs ahead of us: 443 MB at the peak instead of 950.
        hashed = pl.struct(key.alias(f"k{place}") for place, key in enumerate(keys)).hash(seed=seed)
        self._number = (hashed % count).cast(pl.UInt32)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="shards")
        self._writing: Future[None] | None = None
        self._pile: list[pl.DataFrame] = []
        self._pile_bytes = pile_bytes
        self._pile_rows = max(count * _ROWS_OF_A_FILE, _ROWS_OF_A_PILE)
        self._rows = self._bytes = 0
        self._files: list[list[Path]] = [[] for _ in range(count)]
        folder.mkdir()

    def add(self, batch: pl.DataFrame) -> None:
        """Take rows."""
        self._pile.append(batch)
        self._rows += batch.height
        self._bytes += int(batch.estimated_size())
        if self._rows >= self._pile_rows or self._bytes >= self._pile_bytes:
            self._write()

    def frames(self) -> list[pl.LazyFrame]:
        """The shards, each with its rows in their order, and with bytes for texts."""
        self._write()
        self._wait()
        schema = {name: pl.Binary() if dtype == pl.String else dtype for name, dtype in self._schema.items()}
        return [pl.scan_ipc(files) if files else pl.LazyFrame(schema=schema) for files in self._files]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.shutdown()

    def _write(self) -> None:
        if not self._pile:
            return
        self._wait()
        self._writing = self._writer.submit(self._write_pile, self._pile)
        self._pile, self._rows, self._bytes = [], 0, 0

    def _wait(self) -> None:
        """Until the pile before is written: there are never more than two, one of them being gathered."""
        if self._writing is not None:
            self._writing.result()

    def _write_pile(self, pile: list[pl.DataFrame]) -> None:
        for shard, rows in self._parts(pl.concat(pile)):
            path = self._folder / f"{shard}-{len(self._files[shard])}.arrow"
            rows.with_columns(pl.col(pl.String).cast(pl.Binary)).write_ipc(path, compression=self._packing)
            self._files[shard].append(path)

    def _parts(self, pile: pl.DataFrame) -> Iterable[tuple[int, pl.DataFrame]]:
        if len(self._files) == 1:
            return [(0, pile)]
        numbered = pile.with_columns(self._number.alias(_SHARD))
        parts = numbered.partition_by(_SHARD, as_dict=True, include_key=False, maintain_order=True)
        return ((shard, rows) for (shard,), rows in parts.items())


def sharded(
    frame: pl.LazyFrame,
    keys: Sequence[pl.Expr],
    *,
    count: int,
    folder: Path,
    tell: Callable[[int], None] = lambda _: None,
) -> list[pl.LazyFrame]:
    """Cut a table into `count` shards; rows whose keys are equal are in the same one.

    Args:
        frame: the table; it is read once, and not at all where there is one shard.
        keys: what is hashed; equal keys of two tables must be of the same type.
        count: how many shards.
        folder: a new folder of scratch for the shards.
        tell: is told how many rows were cut so far.
    """
    if count == 1:
        return [frame]
    schema = frame.collect_schema()
    return [with_texts(shard, schema) for shard in cut(frame, keys, count=count, folder=folder, tell=tell)]


def with_texts(shard: pl.LazyFrame, schema: pl.Schema) -> pl.LazyFrame:
    """A shard that was cut, with the texts of the table again."""
    return shard.with_columns(pl.col(name).cast(pl.String) for name, dtype in schema.items() if dtype == pl.String)


def cut(
    frame: pl.LazyFrame,
    keys: Sequence[pl.Expr],
    *,
    count: int,
    folder: Path,
    tell: Callable[[int], None] = lambda _: None,
    packed: bool = True,
    seed: int = 0,
    pile_bytes: float = _PILE_BYTES,
) -> list[pl.LazyFrame]:
    """The same, written to files even where there is one shard, and with bytes for texts (see `with_texts`).

    Args:
        frame: the table; it is read once.
        keys: what is hashed; equal keys of two tables must be of the same type.
        count: how many shards.
        folder: a new folder of scratch for the shards.
        tell: is told how many rows were cut so far.
        packed: compress the files: half the disk for twice the time.
        seed: of the hash; what is in one shard by one seed is in all by another.
        pile_bytes: so much is gathered before it is written; there are two of it in memory.
    """
    schema = frame.collect_schema()
    with Shards(
        folder, schema=schema, keys=keys, count=count, packed=packed, seed=seed, pile_bytes=pile_bytes
    ) as shards:
        rows = 0
        for batch in batches(frame):
            shards.add(batch)
            rows += batch.height
            tell(rows)
        return shards.frames()
