from collections.abc import Callable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table, ready to be scanned.

    Attributes:
        format: `csv` or `parquet`.
        frame: the whole table, lazily; its column names are unique.
        head: its first rows, with the same columns; enough for a first look, bounded in rows and bytes.
        rows: how many rows there are, where the file says so.
        rows_estimate: how many rows there may be; None where nothing can be said.
        bytes: size of the file as handed in.
        blank_lines: True where a row without any value may be a blank line and no row at all.
        check_lines: tells, by warnings, of lines with too few fields, which read as nulls at the end of the row. It
            costs a pass over the file, so it is for those who saw nulls in the last column; None where it cannot be.
    """

    format: str
    frame: pl.LazyFrame
    head: pl.DataFrame
    rows: int | None
    rows_estimate: int | None
    bytes: int
    blank_lines: bool = False
    check_lines: Callable[[], None] | None = None

    @property
    def rows_expected(self) -> int | None:
        """The known number of rows, else the estimated one."""
        return self.rows if self.rows is not None else self.rows_estimate
