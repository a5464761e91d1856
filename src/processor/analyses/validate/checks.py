"""What is counted of one rule while the table streams by, in the order of its rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

from processor.analyses.cells import shown_cells, shown_rows
from processor.analyses.validate.columns import Columns
from processor.analyses.validate.masks import Mask
from processor.analyses.validate.rules import Freshness, Monotonic


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much is kept of each rule: rows shown as examples, and numbers of failing rows for the artifact."""

    examples: int
    rows: int


@dataclass(slots=True, kw_only=True)
class Found:
    """What was seen of one rule.

    Attributes:
        checked: rows that were looked at.
        failing: of these, rows that break the rule.
        rows: numbers of the first of them, from 1, bounded.
        examples: the first of them, with the values of the rule's columns; bounded.
        observed: what else the result tells, such as the newest value.
        broken: of a rule about the table as a whole: True where it does not hold.
    """

    checked: int = 0
    failing: int = 0
    rows: list[int] = field(default_factory=list)
    examples: list[dict[str, object]] = field(default_factory=list)
    observed: dict[str, object] = field(default_factory=dict)
    broken: bool | None = None


class Check(Protocol):
    """One rule's part in the pass."""

    found: Found

    def expressions(self) -> Mapping[str, pl.Expr]:
        """The columns that it needs in each batch, by names that mean the same for all checks."""

    def take(self, batch: pl.DataFrame, *, first: int) -> None:
        """Take a batch into account; its first row has the number `first`."""


class MaskCheck:
    """A rule that each row keeps or breaks by itself.

    Args:
        number: the rule's place, which makes its columns' names its own.
    """

    def __init__(self, mask: Mask, *, number: int, columns: Columns, bounds: Bounds) -> None:
        self.found = Found()
        self._mask = mask
        self._failing = f"failing{number}"
        self._checked = f"checked{number}"
        self._shown = _Shown(mask.shown, columns)
        self._bounds = bounds

    def expressions(self) -> Mapping[str, pl.Expr]:
        """The masks, and the columns that are shown."""
        wanted = {self._failing: self._mask.failing, **self._shown.expressions()}
        return wanted if self._mask.checked is None else {**wanted, self._checked: self._mask.checked}

    def take(self, batch: pl.DataFrame, *, first: int) -> None:
        """Count the batch."""
        self.found.checked += batch.height if self._mask.checked is None else int(batch[self._checked].sum())
        note_failing(self.found, batch, batch[self._failing], first=first, shown=self._shown, bounds=self._bounds)


class OrderCheck:
    """Each value against the one before it; the last value of a batch is kept for the next."""

    def __init__(
        self, rule: Monotonic, checked: pl.Expr | None, *, number: int, columns: Columns, bounds: Bounds
    ) -> None:
        self.found = Found()
        self._rule = rule
        self._where = checked
        self._checked = f"checked{number}"
        self._column = f"value{columns.position(rule.column)}"
        self._shown = _Shown((rule.column,), columns)
        self._bounds = bounds
        self._last: pl.Series | None = None

    def expressions(self) -> Mapping[str, pl.Expr]:
        """The column, and which rows count."""
        wanted = self._shown.expressions()
        return wanted if self._where is None else {**wanted, self._checked: self._where}

    def take(self, batch: pl.DataFrame, *, first: int) -> None:
        """Count the batch."""
        values = batch[self._column]
        counts = values.is_not_null() if self._where is None else values.is_not_null() & batch[self._checked]
        places = counts.arg_true()
        self.found.checked += batch.height if self._where is None else int(batch[self._checked].sum())
        broken = self._broken(values.gather(places))
        failing = pl.repeat(value=False, n=batch.height, eager=True).scatter(places.filter(broken), values=True)
        note_failing(self.found, batch, failing, first=first, shown=self._shown, bounds=self._bounds)

    def _broken(self, values: pl.Series) -> pl.Series:
        """True where a value lies before the one before it."""
        chained = values if self._last is None else pl.concat([self._last, values])
        before = chained.shift(1)
        if self._rule.direction == "increasing":
            broken = chained <= before if self._rule.strictly else chained < before
        else:
            broken = chained >= before if self._rule.strictly else chained > before
        if chained.len():
            self._last = chained.tail(1)
        return broken.fill_null(value=False).tail(values.len())


class NewestCheck:
    """The newest value of a column."""

    def __init__(self, rule: Freshness, *, columns: Columns) -> None:
        self.found = Found()
        self._column = f"value{columns.position(rule.column)}"
        self._shown = _Shown((rule.column,), columns)
        self.newest: pl.Series = pl.Series(dtype=columns.dtype(rule.column))

    def expressions(self) -> Mapping[str, pl.Expr]:
        """The column."""
        return self._shown.expressions()

    def take(self, batch: pl.DataFrame, *, first: int) -> None:
        """Keep the newest."""
        del first
        self.found.checked += batch.height
        newest = batch[self._column].drop_nulls().sort().tail(1)
        self.newest = pl.concat([self.newest, newest]).sort().tail(1)
        self.found.observed["newest"] = shown_cells(self.newest)[0] if self.newest.len() else None


class _Shown:
    """The columns whose values an example shows."""

    def __init__(self, names: tuple[str, ...], columns: Columns) -> None:
        self.names = names
        self.places = [f"value{columns.position(name)}" for name in names]
        self._expressions = [columns.expression(name) for name in names]

    def expressions(self) -> Mapping[str, pl.Expr]:
        return dict(zip(self.places, self._expressions, strict=True))


def note_failing(
    found: Found, batch: pl.DataFrame, failing: pl.Series, *, first: int, shown: _Shown, bounds: Bounds
) -> None:
    """Count the failing rows of a batch, and keep the first of all."""
    count = int(failing.sum())
    found.failing += count
    wanted = max(bounds.rows - len(found.rows), bounds.examples - len(found.examples))
    if not count or wanted <= 0:
        return
    places = failing.arg_true().head(wanted)
    numbers = places.cast(pl.Int64) + first
    found.rows += numbers.head(max(0, bounds.rows - len(found.rows))).to_list()
    kept = places.head(max(0, bounds.examples - len(found.examples)))
    if kept.len():
        rows = shown_rows(batch.select(shown.places)[kept], shown.names) if shown.places else [{}] * kept.len()
        found.examples += [{"row": first + place, "values": values} for place, values in zip(kept, rows, strict=True)]
