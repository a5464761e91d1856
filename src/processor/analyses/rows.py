"""The rows of a table with their numbers."""

import polars as pl

ROW = "\0row"  # a name that no file's column has: text files hold no NUL, and a Parquet column of it is refused here


def numbered(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with their number, from 1, as the last column `ROW`."""
    names = frame.collect_schema().names()
    return frame.with_row_index(ROW, offset=1).select(pl.nth(range(1, len(names) + 1)), pl.nth(0).cast(pl.Int64))
