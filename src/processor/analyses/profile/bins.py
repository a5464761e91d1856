"""A histogram with exact counts in one pass, without knowing the range before.

Values are counted in fine bins of a width that is a power of two: bin n is [n * w, (n+1) * w). When the range outgrows
FINE bins, the width is doubled, which joins neighbours two by two, so no value has to be seen again. At the end
neighbours are joined to as many bins as were asked for.
"""

import math
from dataclasses import dataclass

import polars as pl

FINE = 8192
_FINE_BITS = 13
_MANTISSA_BITS = 53
_LEAST_EXPONENT = -1022
# Below this many fine bins a bin of the result the joined ones would visibly differ in width, so all get the same.
_EVEN = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """`counts[i]` values are in [edges[i], edges[i+1]); in the last bin the upper edge is in, too."""

    edges: list[int] | list[float]
    counts: list[int]


class FineBins:
    """Counts of numbers in bins of a width that grows with their range.

    Args:
        whole: the numbers are Int64 or narrower; else Float64, all of them finite.
    """

    def __init__(self, *, whole: bool) -> None:
        self._whole = whole
        self._low: float = math.inf
        self._high: float = -math.inf
        self._exponent: int | None = None
        self._merged = pl.DataFrame(schema={"bin": pl.Int64, "count": pl.UInt64})
        self._pending: list[pl.DataFrame] = []

    def add(self, values: pl.Series, counts: pl.Series) -> None:
        """Count `values` (no nulls), each as often as `counts` says."""
        if not values.len():
            return
        self._grow(values)
        self._pending.append(_joined(self._numbered(values), counts))
        if len(self._pending) >= 16:
            self._merge()

    def histogram(self, bins: int) -> Histogram | None:
        """At most `bins` bins from the lowest value to the highest; None without values."""
        if self._exponent is None:
            return None
        self._merge()
        numbers = self._merged["bin"].to_list()
        bounds = _bounds(min(numbers), max(numbers), bins)
        group = pl.Series(bounds).search_sorted(self._merged["bin"], side="right").cast(pl.Int64) - 1
        counts = dict(_joined(group, self._merged["count"]).rows())
        return Histogram(edges=self._edges(bounds), counts=[counts.get(n, 0) for n in range(len(bounds) - 1)])

    def widest_gap(self) -> tuple[int, int, int] | None:
        """Start and end of the widest stretch of whole numbers without a value, and how wrong each may be.

        None below two occupied fine bins: then all values are closer together than that.
        """
        self._merge()
        numbers = self._merged["bin"].sort()
        if numbers.len() < 2:
            return None
        place = numbers.diff().arg_max()
        if place is None:
            return None
        width = int(self._width)
        start, end = (int(numbers[place - 1]) + 1) * width - 1, int(numbers[place]) * width
        return start, end, width - 1

    def _edges(self, bounds: list[int]) -> list[int] | list[float]:
        edges = [bound * self._width for bound in bounds]
        # Only bins of single whole numbers end beyond the highest value: [3, 4) is the bin of the threes.
        end = edges[-1] if self._whole and self._width == 1 else self._high
        return [self._low, *edges[1:-1], end]

    @property
    def _width(self) -> float:
        exponent = self._exponent or 0
        return 1 << exponent if self._whole else math.ldexp(1.0, exponent)

    def _numbered(self, values: pl.Series) -> pl.Series:
        if self._whole:
            return values.cast(pl.Int64) // self._width
        numbers = (values / self._width).floor().cast(pl.Int64)
        # A tiny negative number divided by a large width is -0.0, but it belongs below zero.
        return numbers - ((values < 0) & (numbers == 0)).cast(pl.Int64) if self._width > 1 else numbers

    def _grow(self, values: pl.Series) -> None:
        low, high = values.min(), values.max()
        self._low = min(self._low, low)  # type: ignore[type-var, assignment]  # numbers, as the class asks
        self._high = max(self._high, high)  # type: ignore[type-var, assignment]  # numbers, as the class asks
        needed = _whole_exponent(self._low, self._high) if self._whole else _float_exponent(self._low, self._high)
        if self._exponent is not None and needed > self._exponent:
            self._merge()
            # Bin numbers have 53 bits at most, so shifting by 62 has the same effect as by any more.
            halved = self._merged["bin"] // (1 << min(62, needed - self._exponent))
            self._merged = _joined(halved, self._merged["count"])
        self._exponent = needed if self._exponent is None else max(self._exponent, needed)

    def _merge(self) -> None:
        frame = pl.concat([self._merged, *self._pending])
        self._merged, self._pending = _joined(frame["bin"], frame["count"]), []


def _joined(numbers: pl.Series, counts: pl.Series) -> pl.DataFrame:
    frame = pl.DataFrame({"bin": numbers, "count": counts.cast(pl.UInt64)}).lazy()
    return frame.group_by("bin").agg(pl.col("count").sum()).collect(engine="in-memory")


def _whole_exponent(low: float, high: float) -> int:
    return ((int(high) - int(low)) // FINE).bit_length()


def _float_exponent(low: float, high: float) -> int:
    half = high / 2 - low / 2  # the whole could overflow
    for_range = math.frexp(half)[1] + 1 - _FINE_BITS if half else _LEAST_EXPONENT
    for_digits = math.frexp(max(abs(low), abs(high)))[1] - _MANTISSA_BITS
    return max(for_range, for_digits, _LEAST_EXPONENT)


def _bounds(first: int, last: int, bins: int) -> list[int]:
    """The first fine bin of each bin of the result, and the one after the last."""
    fine = last - first + 1
    if fine >= _EVEN * bins:
        return [first + number * fine // bins for number in range(bins + 1)]
    step = -(-fine // bins)
    return [*range(first, last + 1, step), first + -(-fine // step) * step]
