"""How fine a column of times is, and where it has its largest gap."""

from dataclasses import dataclass

import polars as pl

# Nanoseconds each; the coarsest that all values are whole multiples of is the column's granularity.
_STEPS = {
    "day": 86_400_000_000_000,
    "hour": 3_600_000_000_000,
    "minute": 60_000_000_000,
    "second": 1_000_000_000,
    "millisecond": 1_000_000,
    "microsecond": 1_000,
    "nanosecond": 1,
}
_CALENDAR = ("year", "month")
_UNITS = {"ns": 1, "us": 1_000, "ms": 1_000_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Nothing lies between `start` and `end`, in physical numbers; each is wrong by at most `error`."""

    start: int
    end: int
    error: int


class Granularity:
    """The coarsest step of the calendar that all times keep to.

    Args:
        dtype: dates, moments or times of day. Moments are taken in UTC.
    """

    def __init__(self, dtype: pl.DataType) -> None:
        names = [*_STEPS] if dtype == pl.Time else [*_CALENDAR, *_STEPS]
        self._left = names[: names.index("day") + 1] if dtype == pl.Date else names
        self._unit = unit_of(dtype)

    @property
    def name(self) -> str:
        """`year`, `month`, `day` … `nanosecond`."""
        return self._left[0]

    @property
    def step(self) -> int | None:
        """The step in physical numbers; None of months and years, which differ in length."""
        return _STEPS[self.name] // self._unit if self.name in _STEPS else None

    def add(self, values: pl.Series) -> None:
        """Take times into account, without nulls."""
        while len(self._left) > 1 and not self._keeps(values):
            self._left = self._left[1:]

    def _keeps(self, values: pl.Series) -> bool:
        step = _STEPS["day" if self.name in _CALENDAR else self.name] // self._unit
        if step > 1 and bool((values.to_physical() % step != 0).any()):
            return False
        if self.name not in _CALENDAR:
            return True
        days = values.dt.ordinal_day() if self.name == "year" else values.dt.day()
        return bool((days == 1).all())


def unit_of(dtype: pl.DataType) -> int:
    """Nanoseconds of one physical number of this type."""
    match dtype:
        case pl.Date():
            return _STEPS["day"]
        case pl.Datetime(time_unit=unit) | pl.Duration(time_unit=unit):
            return _UNITS[unit]
    return 1


def largest_gap(values: pl.Series) -> Gap | None:
    """The first of the widest gaps between these times, each given once; None below two."""
    if values.len() < 2:
        return None
    ordered = values.to_physical().cast(pl.Int64).sort()
    # The first and the last of 64 bits are farther apart than 64 bits hold.
    steps = ordered.cast(pl.Int128).diff()
    place = steps.arg_max()
    if place is None:
        return None
    return Gap(start=int(ordered[place - 1]), end=int(ordered[place]), error=0)
