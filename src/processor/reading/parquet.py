"""Parquet: it says itself what it holds; what is left is to see that all of it arrived."""

import polars as pl

from common.errors import InputError
from processor.kind import Input
from processor.reading.faults import as_input_error, diagnose, is_about_the_file
from processor.reading.rows_sample import RowsSample, of_head, of_slices
from processor.reading.table import Table

_MAGIC = b"PAR1"


class ParquetFile:
    """A Parquet file as a table."""

    def __init__(self, source: Input) -> None:
        self._source = source
        _check_end(source)

    def table(self, *, sample_rows: int) -> Table:
        """The file's table.

        Raises:
            InputError: its metadata or its first rows cannot be read.
        """
        try:
            frame = pl.scan_parquet(self._source.path, glob=False)
            rows = frame.select(pl.len()).collect(engine="streaming").item()
            head = frame.head(sample_rows).collect(engine="streaming")
        except BaseException as error:
            if not is_about_the_file(error):
                raise
            raise as_input_error(diagnose(error)) from None
        return Table(
            format="parquet",
            head=head,
            rows=rows,
            rows_estimate=None,
            bytes=self._source.bytes,
            open=lambda: frame,
            draw=lambda: _drawn(frame, head, rows),
        )

    def mend(self, error: BaseException) -> None:
        """A damaged Parquet file cannot be read otherwise.

        Raises:
            InputError: always.
        """
        raise as_input_error(diagnose(error)) from None


def _drawn(frame: pl.LazyFrame, head: pl.DataFrame, rows: int) -> RowsSample:
    if rows <= head.height:
        return of_head(head, whole=True)
    return of_slices(frame, total=rows, wanted=head.height)


def _check_end(source: Input) -> None:
    with source.path.open("rb") as file:
        file.seek(max(0, source.path.stat().st_size - len(_MAGIC)))
        end = file.read()
    if end != _MAGIC or source.path.stat().st_size < 12:
        raise InputError(
            "The Parquet file is not complete: it ends before its footer.",
            advice="Upload it again; a Parquet file that was cut off cannot be read.",
        )
