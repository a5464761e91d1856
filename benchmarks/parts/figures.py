"""Figures, and how they are told: each on a line of its own, beside its yardstick and their ratio."""

import math
from collections.abc import Sequence

WIDTH = 56


def percentile(values: Sequence[float], percent: float) -> float:
    """The least value that so many percent of all are not above."""
    ordered = sorted(values)
    return ordered[max(math.ceil(len(ordered) * percent / 100) - 1, 0)]


def headline(yardstick: str) -> None:
    """Name the columns that `compare` fills."""
    print(f"  {'':{WIDTH}} {'figure':>12}  {'yardstick':>12}  {'ratio':>7}   the yardstick: {yardstick}", flush=True)


def compare(name: str, figure: float, yardstick: float, *, unit: str, goal: str = "") -> None:
    """One figure beside what it is measured by."""
    ratio = f"{figure / yardstick:7.2f}" if yardstick > 0 else f"{'-':>7}"
    told = f"  {name:{WIDTH}} {_amount(figure, unit)}  {_amount(yardstick, unit)}  {ratio}"
    print(f"{told}   goal: {goal}" if goal else told, flush=True)


def tell(name: str, figure: float, *, unit: str) -> None:
    """One figure that explains another."""
    print(f"  {name:{WIDTH}} {_amount(figure, unit)}", flush=True)


def _amount(value: float, unit: str) -> str:
    return f"{value:{11 - len(unit)}.2f} {unit}"
