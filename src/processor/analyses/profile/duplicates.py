"""How many rows are there twice, in bounded memory.

Each row has a hash of 64 bits, and of a uniform sample of the different hashes it is counted how often each came. While
the sample holds all of them, the number is exact but for hashes that collide (less than one chance in ten million).
"""

import math
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.room import PIECES

LIMIT = 1 << 18
METHOD = "sampled row hashes"
_SIGMAS = 4
# Of what none was seen in a sample there may still be so many times its inverse share: exp(-9.2) is 1 in 10,000.
_UNSEEN = 9.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicates:
    """Rows that repeat an earlier one; `error` is absolute, in rows, and None where the number is exact."""

    rows: int
    error: int | None


class RowHashes:
    """The hashes of different rows with their counts, below a threshold that sinks as they become too many."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self._kept = pl.DataFrame(schema={"hash": pl.UInt64, "count": pl.UInt32})
        self._pending: list[pl.Series] = []
        self._rows = 0
        self._halvings = 0

    def add(self, batch: pl.DataFrame) -> None:
        """Take the next rows into account."""
        hashes = _hashed(batch)
        if self._halvings:
            hashes = hashes.filter(hashes < self._threshold)
        self._pending.append(hashes)
        self._rows += hashes.len()
        if len(self._pending) >= PIECES or self._rows > self._limit // 2:
            self._merge()

    def duplicates(self) -> Duplicates:
        """How many rows repeat an earlier one."""
        self._merge()
        extra = self._kept["count"].cast(pl.Float64) - 1
        scale = 1 << self._halvings
        if scale == 1:
            return Duplicates(rows=int(extra.sum()), error=None)
        # Horvitz and Thompson 1952: each different row is in the sample with the same chance, 1/scale.
        deviation = math.sqrt((1 - 1 / scale) * float((extra * extra).sum())) * scale
        return Duplicates(rows=round(extra.sum() * scale), error=math.ceil(_SIGMAS * deviation + _UNSEEN * scale))

    @property
    def _threshold(self) -> int:
        return 1 << (64 - self._halvings)

    def _merge(self) -> None:
        if not self._pending:
            return
        new = pl.concat(self._pending).alias("hash").value_counts(name="count").cast({"count": pl.UInt32})
        both = pl.concat([self._kept, new]).lazy().group_by("hash").agg(pl.col("count").sum())
        self._kept = both.collect(engine="in-memory")
        self._pending, self._rows = [], 0
        while self._kept.height > self._limit:
            self._halvings += 1
            self._kept = self._kept.filter(pl.col("hash") < self._threshold)


def _hashed(batch: pl.DataFrame) -> pl.Series:
    """A hash of each row, spread evenly over all numbers of 64 bits: what is below a threshold is no biased choice.

    Rows of which the last columns hold texts or Booleans are hashed to some numbers up to twice as often as to others
    by Polars, but hardly ever to the same one; so their hashes are hashed. That of whole rows as structs would be even,
    too, and takes ten times as long for wide tables.
    """
    return batch.hash_rows(seed=2).hash(seed=2) if batch.width else pl.Series(dtype=pl.UInt64)
