"""What rules are derived from: a few facts of each column, from one pass over the table."""

from collections.abc import Callable
from dataclasses import dataclass

import polars as pl

from processor.analyses.batches import batches, check_complete
from processor.analyses.validate.columns import Columns, with_texts
from processor.reading import Table

FEW = 20


@dataclass(slots=True, kw_only=True)
class Facts:
    """One column.

    Attributes:
        few: its values as long as they are few, else None.
        low, high: of numbers the extremes, of texts those of their lengths; None where there is none.
        nan: NaN or an infinity is among them.
    """

    name: str
    dtype: pl.DataType
    rows: int = 0
    nulls: int = 0
    few: pl.Series | None = None
    low: float | None = None
    high: float | None = None
    nan: bool = False

    def add(self, piece: pl.Series) -> None:
        """Take a piece of the column into account."""
        self.rows += piece.len()
        self.nulls += piece.null_count()
        values = piece.drop_nulls()
        if self.few is not None:
            self.few = pl.concat([self.few, values.unique()]).unique()
            self.few = self.few if self.few.len() <= FEW else None
        self._extend(values)

    def _extend(self, values: pl.Series) -> None:
        if self.dtype == pl.String:
            values = values.str.len_chars()
        elif not self.dtype.is_numeric() or self.dtype.is_decimal():
            return
        elif self.dtype.is_float():
            self.nan = self.nan or bool((~values.is_finite()).any())
        low, high = values.min(), values.max()
        if isinstance(low, (int, float)) and isinstance(high, (int, float)):
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)


def gather(table: Table, tell: Callable[[int], None]) -> list[Facts]:
    """The facts of all columns; `tell` is told how many rows were seen."""
    comparable = (pl.String, pl.Boolean)
    columns = [
        Facts(
            name=name,
            dtype=dtype,
            few=pl.Series(dtype=dtype) if dtype.is_integer() or dtype in comparable else None,
        )
        for name, dtype in Columns(table.head.schema).texts.items()
    ]
    rows = 0
    for batch in batches(with_texts(table.frame), in_order=False):
        for column, piece in zip(columns, batch.get_columns(), strict=True):
            column.add(piece)
        rows += batch.height
        tell(rows)
    check_complete(table, rows)
    return columns
