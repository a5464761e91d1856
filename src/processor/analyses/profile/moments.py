"""Sum, mean, deviation, skewness, kurtosis, extremes and the odd ones among numbers, piece by piece."""

import math
from fractions import Fraction
from typing import Final

import polars as pl

from processor.analyses.profile.origin import Origin
from processor.analyses.profile.shapes import as_numbers

_INT64, _INT128 = 1 << 63, 1 << 127
# Between two to the power of minus this and of this, fourth powers of a column's values and their sums are floats.
_PLAIN_EXPONENT: Final = 150


def exact_sum(values: pl.Series) -> int:
    """The sum of whole numbers, or of decimals in units of their last digit, however large it is; none is null."""
    whole = values.to_physical()
    least, most = whole.min(), whole.max()
    bound = max(abs(int(least)), abs(int(most))) * whole.len()  # type: ignore[arg-type]  # whole numbers, at least one
    if bound < _INT64:
        return int(whole.sum())
    return int(whole.cast(pl.Int128).sum()) if bound < _INT128 else sum(whole.to_list())


class Moments:
    """What a pass over finite numbers, or times and durations by their physical numbers, adds up.

    The fourth power of 1e100 is beyond a float, that of 1e-100 below the least. So the sums of very large or very small
    values are kept of the values divided by a power of two, which costs no digit, and put right where they are asked
    for. Sums of what came before are brought down when larger values come. All are sums of distances from an origin.

    Attributes:
        whole: the exact sum of whole numbers, of decimals in units of their last digit; None of floats.
        low: the least value, of times its physical number; `high` likewise.
    """

    def __init__(self) -> None:
        self.count = 0
        self.zeros = 0
        self.negatives = 0
        self.low: object = None
        self.high: object = None
        self.whole: int | None = 0
        self._origin: Origin | None = None
        self._exponent: int | None = None  # of the power of two; None before any value but zeros
        self._mean = 0.0  # of the distances from the origin
        self._second = 0.0
        self._third = 0.0
        self._fourth = 0.0

    def add(self, values: pl.Series) -> None:
        """Take one piece into account; its values are finite and none is null."""
        if not values.len():
            return
        # Of times the physical numbers: the files know years that Python does not.
        self.extremes(values.to_physical() if values.dtype.is_temporal() else values)
        numbers = as_numbers(values)
        self.whole = None if self.whole is None or values.dtype.is_float() else self.whole + exact_sum(values)
        self.zeros += int((numbers == 0).sum())
        if not isinstance(low := numbers.min(), (int, float)) or low < 0:
            self.negatives += int((numbers < 0).sum())
        self._origin = self._origin or Origin(values)
        self._combine(self._apart(values, self._origin))

    def extremes(self, values: pl.Series) -> None:
        """Take only the lowest and the highest of one piece into account."""
        low, high = values.min(), values.max()
        self.low = low if self.low is None or low < self.low else self.low  # type: ignore[operator]  # of one type
        self.high = high if self.high is None or high > self.high else self.high  # type: ignore[operator]  # of one type

    @property
    def mean(self) -> float:
        """The mean of the values, of times of their physical numbers; 0 of none."""
        if self._origin is None:
            return 0.0
        if self.whole is not None:
            return float(Fraction(self.whole, self.count * self._origin.unit))
        exponent = self._exponent or 0
        return _times_two_to(self._mean + _times_two_to(self._origin.number, -exponent), exponent)

    @property
    def nearest_mean(self) -> int:
        """The whole number nearest to the mean of whole numbers, to the last digit; 0 where there is none."""
        return round(Fraction(self.whole or 0, self.count or 1))

    @property
    def total(self) -> float:
        """The sum, as the mean times the count; infinite where it is beyond a float."""
        return self.mean * self.count

    @property
    def std(self) -> float | None:
        """The standard deviation of a sample; None below two values."""
        if self.count < 2:
            return None
        return _times_two_to(math.sqrt(self._second / (self.count - 1)), self._exponent or 0)

    @property
    def skewness(self) -> float | None:
        """G1, adjusted Fisher-Pearson (Joanes and Gill 1998); None below three values or without spread."""
        n = self.count
        if n < 3 or not self._spread:
            return None
        plain = math.sqrt(n) * (self._third / self._second) / math.sqrt(self._second)
        return plain * math.sqrt(n * (n - 1)) / (n - 2)

    @property
    def kurtosis(self) -> float | None:
        """G2, the excess kurtosis of a sample (Joanes and Gill 1998); None below four values or without spread."""
        n = self.count
        if n < 4 or not self._spread:
            return None
        plain = n * (self._fourth / self._second) / self._second - 3
        return ((n + 1) * plain + 6) * (n - 1) / ((n - 2) * (n - 3))

    @property
    def _spread(self) -> bool:
        """False where all values are alike."""
        return self.low != self.high and self._second > 0

    def _apart(self, values: pl.Series, origin: Origin) -> pl.Series:
        """How far the values of a piece lie from the origin, divided as the sums are."""
        if not values.dtype.is_float():
            return origin.distances(values)
        scaled = self._scaled(values.cast(pl.Float64))
        return scaled - _times_two_to(origin.number, -(self._exponent or 0))

    def _scaled(self, values: pl.Series) -> pl.Series:
        """The values of a piece, divided as the sums are; these are brought down first where the piece is larger."""
        peak = max(abs(float(values.min())), abs(float(values.max())))  # type: ignore[arg-type]  # not empty
        if peak:
            exponent = math.frexp(peak)[1]
            exponent = 0 if abs(exponent) <= _PLAIN_EXPONENT else exponent
            if self._exponent is None:
                self._exponent = exponent
            elif exponent > self._exponent:
                self._bring_down(self._exponent - exponent)
                self._exponent = exponent
        return values if not self._exponent else _series_times_two_to(values, -self._exponent)

    def _bring_down(self, exponent: int) -> None:
        self._mean = _times_two_to(self._mean, exponent)
        self._second = _times_two_to(self._second, 2 * exponent)
        self._third = _times_two_to(self._third, 3 * exponent)
        self._fourth = _times_two_to(self._fourth, 4 * exponent)

    def _combine(self, values: pl.Series) -> None:
        """Join with the sums of one piece (Pebay 2008, equations 2.1 and 3.1; for variances Chan et al. 1979)."""
        count, mean = values.len(), float(values.mean())  # type: ignore[arg-type]  # not empty
        apart = values - mean
        squares = apart * apart
        second = float(squares.sum())
        third, fourth = float((squares * apart).sum()), float((squares * squares).sum())
        old, total, delta = self.count, self.count + count, mean - self._mean
        step = delta / total
        product = delta * step * old * count
        self._fourth += (
            fourth
            + product * step * step * (old * old - old * count + count * count)
            + 6 * step * step * (old * old * second + count * count * self._second)
            + 4 * step * (old * third - count * self._third)
        )
        self._third += third + product * step * (old - count) + 3 * step * (old * second - count * self._second)
        self._second += second + product
        self._mean += step * count
        self.count = total


def _times_two_to(value: float, exponent: int) -> float:
    """`value` times a power of two, infinite where that is beyond a float."""
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)


def _series_times_two_to(values: pl.Series, exponent: int) -> pl.Series:
    """In two steps, since the power itself may be beyond a float."""
    half = exponent // 2
    return values * math.ldexp(1.0, half) * math.ldexp(1.0, exponent - half)
