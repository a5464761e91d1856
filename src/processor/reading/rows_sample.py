"""Some rows of a table, taken from several places of the file: its beginning alone is biased where data is sorted."""

import io
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from processor.reading.blank_lines import without_blank_lines
from processor.reading.plan import Plan
from processor.reading.sample import Sample
from processor.reading.spots import RowShape

BLOCKS = 8


class Drawn(StrEnum):
    """How a sample came about: it is the whole table, or blocks from several places, or the first rows."""

    WHOLE = "whole"
    BLOCKS = "blocks"
    HEAD = "head"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsSample:
    """Rows of a table in the file's order.

    Attributes:
        frame: the rows, with the table's columns and types; a value that does not fit its type yet is null.
        drawn: how they were taken.
        blocks: from how many places.
    """

    frame: pl.DataFrame
    drawn: Drawn
    blocks: int

    @property
    def rows(self) -> int:
        """How many rows there are in the sample."""
        return self.frame.height


def of_head(head: pl.DataFrame, *, whole: bool) -> RowsSample:
    """A sample that is the table's first rows."""
    return RowsSample(frame=head, drawn=Drawn.WHOLE if whole else Drawn.HEAD, blocks=1)


def of_slices(frame: pl.LazyFrame, *, total: int, wanted: int) -> RowsSample:
    """Blocks of a table that can be read from any row on without reading what is before it (Parquet, Arrow files)."""
    share = -(-wanted // BLOCKS)
    starts = [total * number // BLOCKS for number in range(BLOCKS)]
    pieces = pl.collect_all([frame.slice(start, share) for start in starts], engine="streaming")
    return RowsSample(frame=pl.concat(pieces), drawn=Drawn.BLOCKS, blocks=BLOCKS)


def of_text(plan: Plan, seen: Sample, head: pl.DataFrame, *, wanted: int) -> RowsSample:
    """Blocks of delimited text: as many rows of each spot that was looked at; one without a whole row is left out."""
    shape = RowShape(dialect=plan.dialect, newline=plan.newline, width=len(plan.names))
    share = -(-wanted // (1 + len(seen.spots)))
    pieces = [head.head(share)]
    for spot in seen.spots:
        rows = shape.whole_rows(plan.newline.encode() + spot if seen.in_rows else spot)
        if rows:
            # Bytes that are no UTF-8 and surplus fields are told of by the scan; a sample only looks.
            tolerant = replace(plan, ragged=True, lossy=True, preamble=0)
            with suppress(pl.exceptions.PolarsError):
                text = without_blank_lines(rows, tolerant) if len(plan.names) > 1 else rows
                frame = tolerant.scan(io.BytesIO(text), n_rows=share, body=True).collect(engine="streaming")
                pieces.append(frame)
    if len(pieces) == 1:
        return of_head(head, whole=False)
    return RowsSample(frame=pl.concat(pieces), drawn=Drawn.BLOCKS, blocks=len(pieces))
