"""Whether a column's values rise or fall from row to row, in the file's order."""

from enum import StrEnum

import polars as pl


class Order(StrEnum):
    """The `order` of a column in the result; nulls are passed over, NaN counts as the greatest."""

    STRICTLY_INCREASING = "strictly increasing"
    INCREASING = "increasing"
    STRICTLY_DECREASING = "strictly decreasing"
    DECREASING = "decreasing"
    CONSTANT = "constant"
    NONE = "none"


class Steps:
    """The steps from one value to the next that were seen: up, down, or none."""

    def __init__(self) -> None:
        self._last: pl.Series | None = None
        self._up = False
        self._down = False
        self._level = False

    def add(self, values: pl.Series) -> None:
        """Take the next piece into account; none of its values is null."""
        if not values.len() or (self._up and self._down):
            return
        first = values.head(1)
        if self._last is not None:
            self._look(pl.concat([self._last, first]))
        self._look(values)
        # A series and no object: there are times that Python has none for. Its own, so that it keeps no piece alive.
        self._last = values.tail(1).gather([0])

    @property
    def order(self) -> Order | None:
        """How the values follow each other; None below two of them."""
        match (self._up, self._down, self._level):
            case (True, True, _):
                return Order.NONE
            case (True, False, level):
                return Order.INCREASING if level else Order.STRICTLY_INCREASING
            case (False, True, level):
                return Order.DECREASING if level else Order.STRICTLY_DECREASING
            case (False, False, True):
                return Order.CONSTANT
        return None

    def _look(self, values: pl.Series) -> None:
        if values.len() < 2:
            return
        # A look at the first few spares most columns the comparison of all.
        for piece in (values.head(64), values):
            if self._up and self._down:
                return
            before, after = piece.head(piece.len() - 1), piece.tail(piece.len() - 1)
            self._up = self._up or bool((after > before).any())
            self._down = self._down or bool((after < before).any())
            self._level = self._level or bool((after == before).any())
