"""A value in the middle of a column, from which the others are counted.

Around 1e15 a float has two digits behind the point, and the square of such a value none before it: what the values
differ by is what the moments are about, and that has all its digits when it is counted from one of them.
"""

from typing import Final

import polars as pl

_LOOK_AT: Final = 1_000
_EXACT: Final = 1 << 53  # up to here a float holds every whole number
_WIDEST: Final = 1 << 126  # two of these lie no more than what 128 bits hold apart


class Origin:
    """An origin in the middle of the first piece of a column, so that no stray value is it.

    Args:
        values: finite numbers, or times; at least one, and none is null.

    Attributes:
        value: the origin, of times and decimals in their units.
        unit: how many of them make 1.
    """

    def __init__(self, values: pl.Series) -> None:
        some = values.to_physical().gather_every(-(-values.len() // _LOOK_AT)).sort()
        self.value: int | float = some[some.len() // 2]
        self.unit: Final[int] = 10**values.dtype.scale if isinstance(values.dtype, pl.Decimal) else 1

    @property
    def number(self) -> float:
        """It as a float."""
        return self.value / self.unit

    def distances(self, values: pl.Series) -> pl.Series:
        """How far whole numbers, times or decimals lie from it, to the last digit that a float holds."""
        numbers = values.to_physical()
        far = max(abs(int(end)) for end in (numbers.min(), numbers.max(), self.value))  # type: ignore[arg-type]
        if far <= _EXACT:
            apart = numbers.cast(pl.Float64) - self.value
        elif far < _WIDEST:
            apart = (numbers.cast(pl.Int128) - pl.Series([self.value], dtype=pl.Int128)).cast(pl.Float64)
        else:
            apart = pl.Series([float(number - self.value) for number in numbers.to_list()], dtype=pl.Float64)
        return apart if self.unit == 1 else apart / self.unit
