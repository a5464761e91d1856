"""Mean, deviation, extremes and the odd ones among numbers, piece by piece."""

import math

import polars as pl

from processor.analyses.profile.shapes import as_numbers


class Moments:
    """What a pass over finite numbers, or times by their physical numbers, adds up."""

    def __init__(self) -> None:
        self.count = 0
        self.zeros = 0
        self.negatives = 0
        self.low: object = None
        self.high: object = None
        self.mean = 0.0
        self._squares = 0.0

    def add(self, values: pl.Series) -> None:
        """Take one piece into account; its values are finite and none is null."""
        if not values.len():
            return
        self.extremes(values)
        if values.dtype.is_numeric():
            self.zeros += int((values == 0).sum())
            self.negatives += int((values < 0).sum())
        floats = as_numbers(values).cast(pl.Float64)
        self._combine(values.len(), float(floats.mean()), float(floats.var(ddof=0)))  # type: ignore[arg-type]  # not empty

    def extremes(self, values: pl.Series) -> None:
        """Take only the lowest and the highest of one piece into account."""
        low, high = values.min(), values.max()
        self.low = low if self.low is None or low < self.low else self.low  # type: ignore[operator]  # of one type
        self.high = high if self.high is None or high > self.high else self.high  # type: ignore[operator]  # of one type

    @property
    def std(self) -> float | None:
        """The standard deviation of a sample; None below two values."""
        return math.sqrt(self._squares / (self.count - 1)) if self.count > 1 else None

    def _combine(self, count: int, mean: float, variance: float) -> None:
        """Chan, Golub and LeVeque 1979: the parallel form of the variance."""
        total = self.count + count
        apart = mean - self.mean
        self._squares += variance * count + apart * apart * (self.count * (count / total))
        self.mean += apart * (count / total)
        self.count = total
