"""How long texts are, in characters."""

from dataclasses import dataclass

import polars as pl


@dataclass(slots=True)
class Lengths:
    """The shortest, the longest and the sum, over all texts that were added."""

    low: int | None = None
    high: int | None = None
    total: int = 0

    def add(self, counts: pl.DataFrame) -> None:
        """Take texts with their counts into account."""
        if not counts.height:
            return
        lengths = counts["value"].str.len_chars().cast(pl.UInt64)
        low, high = int(lengths.min()), int(lengths.max())  # type: ignore[arg-type]  # not empty
        self.low = low if self.low is None else min(low, self.low)
        self.high = high if self.high is None else max(high, self.high)
        self.total += int((lengths * counts["count"]).sum())
