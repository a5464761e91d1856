from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import polars as pl

from processor.reading.flaws import Flaws
from processor.reading.rows_sample import RowsSample

# What unpacking or converting costs beside one pass over what comes of it, about.
PREPARING = 0.6


@dataclass(kw_only=True)
class Table:
    """One table, ready to be looked at, and to be scanned once it is prepared.

    Attributes:
        format: `csv`, `parquet` …
        head: its first rows, with the same columns; enough for a first look, bounded in rows and bytes.
        rows: how many rows there are, where that is known; after `prepare` it may be.
        rows_estimate: how many rows there may be; None where nothing can be said.
        bytes: size of the file as handed in.
        open: makes the frame; called once.
        draw: draws the sample; called once.
        share: how much of the whole work `prepare` does, 0..1; progress goes on from there.
        check_lines: tells, by warnings, of lines with too few fields, which read as nulls at the end of the row. It
            costs a pass over the file, so it is for those who saw nulls in the last column; None where it cannot be.
        flaws: what could not be read, counted; complete when all of `frame` was read.
    """

    format: str
    head: pl.DataFrame
    rows: int | None
    rows_estimate: int | None
    bytes: int
    open: Callable[[], pl.LazyFrame]
    draw: Callable[[], RowsSample]
    share: float = 0.0
    check_lines: Callable[[], None] | None = None
    flaws: Flaws = field(default_factory=Flaws)

    def prepare(self) -> None:
        """Unpack or convert what Polars cannot scan, in a phase of its own; nothing where it can.

        It may take as long as reading the file. Show what `head` and `sample` give before, and begin your own phase
        after it.
        """
        _ = self.frame

    @cached_property
    def frame(self) -> pl.LazyFrame:
        """The whole table, lazily; its column names are unique. The first use prepares the table."""
        return self.open()

    @cached_property
    def sample(self) -> RowsSample:
        """About as many rows as `head` may have, for a first look that is not biased where the file is sorted.

        Text that is not compressed gives blocks from eight places and its beginning, Parquet and Arrow files blocks
        from eight places, all else its first rows: `sample.drawn` says which, `sample.rows` how many. It costs some
        milliseconds at any size of the file, and needs no `prepare`.
        """
        return self.draw()

    def fraction(self, rows: int) -> float | None:
        """How far the whole run is when so many rows of one pass were seen; None where nothing can be said."""
        total = self.rows_expected
        if total is None:
            return None
        return self.share + (1 - self.share) * min(1.0, rows / max(1, total))

    @property
    def rows_expected(self) -> int | None:
        """The known number of rows, else the estimated one."""
        return self.rows if self.rows is not None else self.rows_estimate
