"""The columns of the table as rules name them, and why a rule cannot be evaluated."""

from collections.abc import Sequence

import polars as pl

from processor.reading.names import shown
from processor.type_words import is_text


class RuleError(Exception):
    """A rule cannot be evaluated on this table; the sentence holds no data."""


def with_texts(frame: pl.LazyFrame) -> pl.LazyFrame:
    """The frame with its categories as the texts that they are: a rule may name one that the column does not know."""
    schema = frame.collect_schema()
    kept = [place for place, dtype in enumerate(schema.dtypes()) if is_text(dtype) and dtype != pl.String]
    return frame.with_columns(pl.nth(kept).cast(pl.String)) if kept else frame


class Columns:
    """The columns of a table by name.

    Args:
        schema: names and types in the table's order, as the file has them.

    Attributes:
        texts: the same as rules see them (`with_texts`).
    """

    def __init__(self, schema: pl.Schema) -> None:
        self.schema = schema
        self.texts = pl.Schema({name: pl.String() if is_text(dtype) else dtype for name, dtype in schema.items()})
        self._positions = {name: number for number, name in enumerate(schema)}

    def position(self, name: str) -> int:
        """Where the column stands, from 0.

        Raises:
            RuleError: there is none of this name.
        """
        if name not in self._positions:
            raise RuleError(f"There is no column {shown(name)}; names are case-sensitive.")
        return self._positions[name]

    def expression(self, name: str) -> pl.Expr:
        """The column. By position, since a column may be named `*` or `^a.*$`, which `pl.col` takes for many."""
        return pl.nth(self.position(name))

    def dtype(self, name: str) -> pl.DataType:
        """The column's type."""
        self.position(name)
        return self.schema[name]

    def expressions(self, names: Sequence[str]) -> list[pl.Expr]:
        """Several columns, renamed to `key0`, `key1` and so on, so that no name gets in the way of another."""
        return [self.expression(name).alias(f"key{number}") for number, name in enumerate(names)]
