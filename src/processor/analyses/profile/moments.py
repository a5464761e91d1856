"""Sum, mean, deviation, skewness, kurtosis, extremes and the odd ones among numbers, piece by piece."""

import math

import polars as pl

from processor.analyses.profile.shapes import as_numbers

_INT64, _INT128 = 1 << 63, 1 << 127


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
        self.mean = 0.0
        self.whole: int | None = 0
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
        self._combine(numbers.cast(pl.Float64))

    def extremes(self, values: pl.Series) -> None:
        """Take only the lowest and the highest of one piece into account."""
        low, high = values.min(), values.max()
        self.low = low if self.low is None or low < self.low else self.low  # type: ignore[operator]  # of one type
        self.high = high if self.high is None or high > self.high else self.high  # type: ignore[operator]  # of one type

    @property
    def total(self) -> float:
        """The sum, as the mean times the count."""
        return self.mean * self.count

    @property
    def std(self) -> float | None:
        """The standard deviation of a sample; None below two values."""
        return math.sqrt(self._second / (self.count - 1)) if self.count > 1 else None

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
        """False where all values are alike, or where the sums went beyond what a float holds."""
        alike = self.low == self.high or self._second <= 0
        return not alike and all(map(math.isfinite, (self._second, self._third, self._fourth)))

    def _combine(self, values: pl.Series) -> None:
        """Join with the sums of one piece (Pebay 2008, equations 2.1 and 3.1; for variances Chan et al. 1979)."""
        count, mean = values.len(), float(values.mean())  # type: ignore[arg-type]  # not empty
        apart = values - mean
        squares = apart * apart
        second = float(squares.sum())
        third, fourth = float((squares * apart).sum()), float((squares * squares).sum())
        old, total, delta = self.count, self.count + count, mean - self.mean
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
        self.mean += step * count
        self.count = total
