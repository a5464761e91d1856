"""Parquet and Arrow files: they say themselves what they hold; what is left is to see that all of it arrived."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from common.errors import InputError
from processor.reading.columns import check_depth, renaming
from processor.reading.faults import as_input_error, diagnose, is_about_the_file
from processor.reading.footer import check_row_groups
from processor.reading.names import shown
from processor.reading.rows_sample import RowsSample, of_head, of_slices
from processor.reading.signature import Format
from processor.reading.table import Table
from processor.reading.zones import in_utc
from processor.run import Run

_ENDS = {Format.PARQUET: b"PAR1", Format.ARROW: b"ARROW1"}
_SCANS: dict[Format, Callable[[Path], pl.LazyFrame]] = {
    Format.PARQUET: lambda path: pl.scan_parquet(path, glob=False),
    Format.ARROW: lambda path: pl.scan_ipc(path, glob=False),
}


class ColumnarFile:
    """A Parquet or Arrow file as a table.

    Args:
        path: the file, unpacked.
        size: how many bytes were handed in.
    """

    def __init__(self, run: Run, path: Path, form: Format, *, size: int) -> None:
        self._path = path
        self._format = form
        self._size = size
        self._run = run
        self._told = False
        _check_end(path, _ENDS[form])
        if form is Format.PARQUET:
            check_row_groups(path, most_bytes=run.memory_mb << 20)

    def table(self, *, sample_rows: int) -> Table:
        """The file's table.

        Raises:
            InputError: its metadata or its first rows cannot be read.
        """
        try:
            frame = self._named(_SCANS[self._format](self._path))
            rows = frame.select(pl.len()).collect(engine="streaming").item()
            head = frame.head(sample_rows).collect(engine="streaming")
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            raise as_input_error(diagnose(error)) from None
        return Table(
            format=self._format,
            head=head,
            rows=rows,
            rows_estimate=None,
            bytes=self._size,
            open=lambda: frame,
            draw=lambda: _drawn(frame, head, rows),
        )

    def mend(self, error: BaseException) -> None:
        """A damaged file cannot be read otherwise.

        Raises:
            InputError: always.
        """
        raise as_input_error(diagnose(error)) from None

    def _named(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        schema = frame.collect_schema()
        renamed = renaming(schema.names())
        check_depth(schema.dtypes(), what="file")
        if not self._told:
            for name in list(renamed.values())[:10]:
                self._run.warn(
                    "column_names", f"A column's name cannot be shown as it is; it is shown as {shown(name)}."
                )
        frame = frame.rename(renamed) if renamed else frame
        zoned = in_utc(
            {renamed.get(name, name): dtype for name, dtype in schema.items()},
            (lambda *_: None) if self._told else self._run.warn,
        )
        self._told = True
        return frame.cast(zoned) if zoned else frame


def _drawn(frame: pl.LazyFrame, head: pl.DataFrame, rows: int) -> RowsSample:
    if rows <= head.height:
        return of_head(head, whole=True)
    return of_slices(frame, total=rows, wanted=head.height)


def _check_end(path: Path, magic: bytes) -> None:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - len(magic)))
        end = file.read()
    if end != magic or path.stat().st_size < 12:
        what = "Parquet" if magic == b"PAR1" else "Arrow"
        raise InputError(
            f"The {what} file is not complete: it ends before its footer.",
            advice="Upload it again; a file that was cut off cannot be read.",
        )
