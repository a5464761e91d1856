"""How many distinct values there are, in bounded memory: exact up to a bound, beyond it an estimate with a known error.

Every value has a 64-bit hash. Kept are the distinct hashes below a threshold; whenever there are more than LIMIT of
them, the threshold is halved and those above it are dropped. So the kept ones are a uniform sample of the distinct
values, whatever their order and however often each occurs, and their number divided by the share of the hash space that
is left estimates the whole. (Known as adaptive sampling: Wegman; Flajolet 1990.)
"""

import math
from dataclasses import dataclass

import polars as pl

from processor.analyses.profile.room import PIECES

LIMIT = 1 << 17
METHOD = "adaptive sampling of hashes"
# The estimate's error is normal with a deviation of 1/sqrt(kept); four of them are practically never exceeded.
_SIGMAS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Distinct:
    """How many distinct values; `error` is relative, and None where the number is exact."""

    value: int
    error: float | None


class HashSample:
    """The distinct hashes below a threshold that sinks as they become too many.

    Args:
        limit: how many hashes to keep at most, a power of two.

    Attributes:
        repeated: True once a kept hash came again in a later piece.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        self._limit = limit
        self.repeated = False
        self._kept = pl.Series(dtype=pl.UInt64)
        self._pending: list[pl.Series] = []
        self._pending_rows = 0
        self._halvings = 0

    def add(self, values: pl.Series) -> None:
        """Take distinct values (without nulls) into account."""
        hashes = values.hash()
        if self._halvings:
            hashes = hashes.filter(hashes < self._threshold)
        self._pending.append(hashes)
        self._pending_rows += hashes.len()
        if len(self._pending) >= PIECES or self._pending_rows > self._limit // 2:
            self._merge()

    def distinct(self) -> Distinct:
        """How many distinct values were added."""
        self._merge()
        kept = self._kept.len()
        if not self._halvings:
            return Distinct(value=kept, error=None)
        return Distinct(value=kept << self._halvings, error=round(_SIGMAS / math.sqrt(kept), 4))

    @property
    def share(self) -> float:
        """The share of the distinct values whose hashes are kept."""
        return 1.0 / (1 << self._halvings)

    @property
    def _threshold(self) -> int:
        return 1 << (64 - self._halvings)

    def _merge(self) -> None:
        every = pl.concat([self._kept, *self._pending])
        self._kept = every.unique()
        self.repeated = self.repeated or self._kept.len() < every.len()
        self._pending, self._pending_rows = [], 0
        while self._kept.len() > self._limit:
            self._halvings += 1
            self._kept = self._kept.filter(self._kept < self._threshold)
