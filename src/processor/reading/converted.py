"""Files that Polars cannot scan: their beginning at once, and the rest made into pieces that it can."""

import io
import shutil
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Protocol

import polars as pl

from common.errors import InputError
from processor.kind import Input
from processor.reading.columns import check_depth, with_usable_names
from processor.reading.faults import Diagnosis, Fault, SchemaMovedError, as_input_error, diagnose
from processor.reading.flaws import Flaws, shown_lines
from processor.reading.merging import aligned, merged
from processor.reading.names import shown
from processor.reading.pieces import Pieces
from processor.reading.rows_sample import RowsSample, of_head, of_slices
from processor.reading.table import PREPARING, Table
from processor.reading.zones import in_utc
from processor.run import Run

_MOST_ROWS = 2**32 - 1  # of Polars, which counts them in 32 bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some rows, in the file's order.

    Attributes:
        frame: the rows.
        position: how many bytes of the file were read until their end.
        mixed: names of columns that are text in the frame because they hold values of several types.
    """

    frame: pl.DataFrame
    position: int
    mixed: AbstractSet[str] = frozenset()


class Source(Protocol):
    """What gives the pieces of one file.

    Attributes:
        format: what it is called.
        head_rows: rows that are enough for a first look: those of a spreadsheet cost much.
    """

    format: str
    head_rows: int

    def pieces(self, flaws: Flaws) -> Iterator[Piece]:
        """The rows from the first to the last; each piece is small beside the memory that there is."""

    def rows(self) -> int | None:
        """How many rows there are, where that can be told at once."""


class ConvertedFile:
    """A file as a table that is made anew in scratch, piece by piece, when its frame is first used."""

    def __init__(self, run: Run, source: Input, *, pieces: Source) -> None:
        self._run = run
        self._source = source
        self._pieces = pieces
        self._store: Pieces | None = None
        self._flaws = Flaws()

    def table(self, *, sample_rows: int) -> Table:
        """The file's table, after the beginning of the file, or after all of it once it was made anew.

        Raises:
            InputError: not even its beginning can be read.
        """
        if self._store is not None:
            return self._known(self._store.scan(), self._store.rows, sample_rows)
        head, position, whole = self._head(sample_rows)
        rows = self._pieces.rows() or (head.height if whole else None)
        estimate = round(head.height * self._source.bytes / max(1, position))
        shown_head = _alone(head.head(sample_rows))
        table = self._table(shown_head, rows=rows, estimate=max(estimate, head.height))
        table.open = lambda: self._converted(table)
        table.draw = lambda: of_head(shown_head, whole=whole and head.height <= sample_rows)
        return table

    def mend(self, error: BaseException) -> None:
        """Nothing to do where the table proved to have other columns: they are known now.

        Raises:
            InputError: it was something else.
        """
        if not isinstance(error, SchemaMovedError):
            raise as_input_error(diagnose(error)) from None

    def _head(self, wanted: int) -> tuple[pl.DataFrame, int, bool]:
        frames: list[pl.DataFrame] = []
        position = 0
        schema: dict[str, pl.DataType] = {}
        rows = 0
        for piece in self._usable(Flaws()):
            frames.append(piece.frame)
            schema = merged(schema, dict(piece.frame.schema))
            position, rows = piece.position, rows + piece.frame.height
            if rows >= min(wanted, self._pieces.head_rows):
                break
        else:
            position = self._source.bytes
        if not schema:
            raise InputError("The file holds no table.", advice="Hand in a file with at least one column.")
        return pl.concat(aligned(frame, schema) for frame in frames), position, position >= self._source.bytes

    def _usable(self, flaws: Flaws) -> Iterator[Piece]:
        rows = 0
        for piece in self._pieces.pieces(flaws):
            rows += piece.frame.height
            if rows > _MOST_ROWS:
                raise as_input_error(Diagnosis(fault=Fault.ROWS))
            frame = with_usable_names(piece.frame, flaws.note)
            check_depth(frame.dtypes, what="file")
            zoned = in_utc(frame.schema, flaws.note)
            names = zip(piece.frame.columns, frame.columns, strict=True) if piece.mixed else ()
            yield replace(
                piece,
                frame=frame.cast(zoned) if zoned else frame,
                mixed={new for old, new in names if old in piece.mixed},
            )

    def _converted(self, table: Table) -> pl.LazyFrame:
        self._run.phase("convert")
        folder = self._run.scratch / f"{self._source.name}.pieces"
        shutil.rmtree(folder, ignore_errors=True)  # of a pass that found other rows than the beginning said
        folder.mkdir()
        store = Pieces(folder)
        self._flaws = table.flaws = Flaws()
        mixed: set[str] = set()
        for piece in self._usable(self._flaws):
            store.add(piece.frame)
            mixed |= piece.mixed
            self._run.progress(
                rows=store.rows,
                bytes_read=piece.position,
                fraction=PREPARING * min(1.0, piece.position / max(1, self._source.bytes)),
            )
        frame = store.finish()
        self._store = store
        self._tell(store.widened | mixed, within=store.widened_within - store.widened)
        if list(store.schema.items()) != list(table.head.schema.items()):
            raise SchemaMovedError
        table.rows = store.rows
        return frame

    def _tell(self, mixed: AbstractSet[str], *, within: AbstractSet[str]) -> None:
        for name in sorted(mixed):
            self._run.warn("types", f"Column {shown(name)} holds values of several types; read as text.")
        for name in sorted(within):
            self._run.warn("types", f"Values of several types within column {shown(name)} were read as text.")
        if self._flaws.unread:
            lines = shown_lines(self._flaws.unread_lines, self._flaws.unread)
            self._run.warn("unread_rows", f"{self._flaws.unread:,} rows could not be read and are missing: {lines}.")
        for code, message in self._flaws.notes:
            self._run.warn(code, message)

    def _known(self, frame: pl.LazyFrame, rows: int, sample_rows: int) -> Table:
        head = frame.head(sample_rows).collect(engine="streaming")
        table = self._table(head, rows=rows, estimate=None)
        table.open = lambda: frame
        table.draw = lambda: _drawn(frame, head, rows)
        table.flaws = self._flaws
        return table

    def _table(self, head: pl.DataFrame, *, rows: int | None, estimate: int | None) -> Table:
        return Table(
            format=self._pieces.format,
            head=head,
            rows=rows,
            rows_estimate=estimate,
            bytes=self._source.bytes,
            open=pl.LazyFrame,
            draw=lambda: of_head(head, whole=False),
            share=PREPARING,
        )


def _alone(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows without the memory of the piece that they are cut from, which may be a batch of 100 MB."""
    copied = io.BytesIO()
    rows.write_ipc(copied)
    copied.seek(0)
    return pl.read_ipc(copied)


def _drawn(frame: pl.LazyFrame, head: pl.DataFrame, rows: int) -> RowsSample:
    return of_head(head, whole=True) if rows <= head.height else of_slices(frame, total=rows, wanted=head.height)
