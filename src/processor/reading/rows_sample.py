"""Some rows of a table, taken from several places of the file: its beginning alone is biased where data is sorted."""

import csv
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from processor.reading.blank_lines import without_blank_lines
from processor.reading.plan import Plan
from processor.reading.sample import Sample

BLOCKS = 8
_LOOK_AT_ROWS = 20
_LOOK_AT_STARTS = 64


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
    newline = plan.newline.encode()
    share = -(-wanted // (1 + len(seen.spots)))
    pieces = [head.head(share)]
    for spot in seen.spots:
        rows = whole_rows(spot, newline, plan)
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


def whole_rows(spot: bytes, newline: bytes, plan: Plan) -> bytes:
    """The whole rows of a piece that was cut anywhere, perhaps inside of a quoted field that holds line ends.

    A line begins a row if the rows that follow from there have as many fields as there are columns.
    """
    start = spot.find(newline) + 1
    for _ in range(_LOOK_AT_STARTS):
        if not start:
            return b""
        if _is_regular(spot[start:], newline, plan):
            return _closed(spot[start : spot.rfind(newline) + 1], newline, plan.dialect.quote)
        start = spot.find(newline, start) + 1
    return b""


def _is_regular(rest: bytes, newline: bytes, plan: Plan) -> bool:
    text = rest[: 16 << 10].decode("utf-8", errors="replace")
    lines = text.split(newline.decode())[:-1]
    reader = csv.reader(
        (f"{line}\n" for line in lines),
        delimiter=plan.dialect.delimiter,
        quotechar=plan.dialect.quote or '"',
        quoting=csv.QUOTE_MINIMAL if plan.dialect.quote else csv.QUOTE_NONE,
    )
    widths: list[int] = []
    with suppress(csv.Error):
        for row in reader:
            widths += [len(row)] if row else []
            if len(widths) == _LOOK_AT_ROWS:
                break
    # The last row may be cut off by the end of the piece.
    return _all_wide(widths if len(widths) == _LOOK_AT_ROWS else widths[:-1], len(plan.names))


def _all_wide(widths: Sequence[int], width: int) -> bool:
    return bool(widths) and sum(found == width for found in widths) >= 0.9 * len(widths) and widths[0] == width


def _closed(rows: bytes, newline: bytes, quote: str | None) -> bytes:
    """Without the last row, where the end of the piece cut it inside of quotes."""
    while quote and rows.count(quote.encode()) % 2:
        rows = rows[: rows.rfind(newline, 0, -len(newline)) + 1]
    return rows
