"""Questions to many columns of text at once: asked for each by itself, Polars takes longer to listen than to answer."""

from collections.abc import Iterable
from typing import Any

import polars as pl

EACH = pl.all()  # what a question is about: every column by itself


class Texts:
    """Columns of text, and what can be asked of some of them in one go."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self.frame = frame

    def every(self, names: Iterable[str], test: pl.Expr) -> list[str]:
        """Those of the columns of whose values each passes; a column without any passes, too."""
        return self._those(names, test.all())

    def some(self, names: Iterable[str], test: pl.Expr) -> list[str]:
        """Those of the columns of whose values any passes."""
        return self._those(names, test.any())

    def fitting(self, names: Iterable[str], wanted: pl.DataType) -> list[str]:
        """Those of the columns of which every text is a value of the wanted type."""
        return self._those(names, EACH.cast(wanted, strict=False).null_count() == EACH.null_count())

    def filled(self, names: Iterable[str]) -> list[str]:
        """Those of the columns that have a value at all."""
        return self._those(names, EACH.count() > 0)

    def answers(self, names: Iterable[str], question: pl.Expr) -> dict[str, Any]:
        """One answer for each of the columns."""
        wanted = list(names)
        return self.frame[wanted].select(question).row(0, named=True) if wanted else {}

    def of(self, names: Iterable[str]) -> "Texts":
        """Some of the columns."""
        wanted = list(names)
        return Texts(self.frame[wanted] if wanted else pl.DataFrame())

    def made(self, change: pl.Expr) -> "Texts":
        """The columns with other values."""
        return Texts(self.frame.select(change)) if self.frame.width else self

    def distinct(self, name: str) -> pl.Series:
        """The values of one column, each once."""
        return self.frame[name].drop_nulls().unique()

    def _those(self, names: Iterable[str], question: pl.Expr) -> list[str]:
        return [name for name, answer in self.answers(names, question).items() if answer]
