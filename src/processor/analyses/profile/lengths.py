"""How long values are: characters of a text, bytes of a binary, items of a list; and texts that say nothing."""

from dataclasses import dataclass

import polars as pl


@dataclass(slots=True)
class Lengths:
    """The shortest, the longest and the sum, over all that were added; `of` says what was counted."""

    low: int | None = None
    high: int | None = None
    total: int = 0

    def add(self, lengths: pl.Series, counts: pl.Series | None = None) -> None:
        """Take lengths into account, each as often as `counts` says."""
        if not lengths.len():
            return
        low, high = int(lengths.min()), int(lengths.max())  # type: ignore[arg-type]  # not empty
        self.low = low if self.low is None else min(low, self.low)
        self.high = high if self.high is None else max(high, self.high)
        wide = lengths.cast(pl.UInt64)
        self.total += int((wide if counts is None else wide * counts).sum())


@dataclass(slots=True)
class Blanks:
    """Texts that say nothing: `empty` have no character, `blank` only white space; `padded` begin or end with it."""

    empty: int = 0
    blank: int = 0
    padded: int = 0

    def add(self, counts: pl.DataFrame) -> None:
        """Take texts with their counts into account."""
        texts = counts["value"]
        bytes_ = texts.str.len_bytes()
        stripped = texts.str.strip_chars().str.len_bytes()
        odd = pl.DataFrame({"all": bytes_, "stripped": stripped, "count": counts["count"]}).filter(
            (bytes_ != stripped) | (bytes_ == 0)
        )
        if not odd.height:
            return
        empty, bare = odd["all"] == 0, odd["stripped"] == 0
        self.empty += int(odd["count"].filter(empty).sum())
        self.blank += int(odd["count"].filter(bare & ~empty).sum())
        self.padded += int(odd["count"].filter(~bare).sum())
