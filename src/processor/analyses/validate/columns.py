"""The columns of the table as rules name them, and why a rule cannot be evaluated."""

from collections.abc import Sequence

import polars as pl

from processor.reading.schema import shown


class RuleError(Exception):
    """A rule cannot be evaluated on this table; the sentence holds no data."""


class Columns:
    """The columns of a table by name.

    Args:
        schema: names and types in the table's order.
    """

    def __init__(self, schema: pl.Schema) -> None:
        self.schema = schema
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
