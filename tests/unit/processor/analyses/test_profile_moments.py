"""Moments of values that lie far from zero and near to one another, held to fractions."""

import math
import random
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.analyses.profile.moments import Moments

_DRAW = random.Random(3)
SPREAD = [_DRAW.gammavariate(2, 1) for _ in range(600)]
WHOLE = [int(3 * value) for value in SPREAD]
START = datetime(2024, 1, 1)  # noqa: DTZ001
FAR = {
    "near zero": pl.Series(SPREAD),
    "floats": pl.Series([1e15 + value for value in SPREAD]),
    "negative": pl.Series([-1e15 - value for value in SPREAD]),
    "small floats": pl.Series([100_000 + value for value in SPREAD], dtype=pl.Float32),
    "large floats": pl.Series([1e300 + value * 1e285 for value in SPREAD]),
    "tiny floats": pl.Series([1e-300 * (1 + value * 1e-13) for value in SPREAD]),
    "a stray value first": pl.Series([1e15, *SPREAD]),
    "whole numbers": pl.Series([10**15 + value for value in WHOLE]),
    "at the end of 64 bits": pl.Series([2**63 - 1 - value for value in WHOLE]),
    "without a sign": pl.Series([2**64 - 1 - value for value in WHOLE], dtype=pl.UInt64),
    "of 128 bits": pl.Series([2**127 - 1 - value for value in WHOLE], dtype=pl.Int128),
    "from end to end": pl.Series([2**63 - 1, -(2**63), *WHOLE]),
    "decimals": pl.Series([10**20 + Decimal(value) / 100 for value in WHOLE], dtype=pl.Decimal(38, 2)),
    "times": pl.Series([START + timedelta(microseconds=value) for value in WHOLE], dtype=pl.Datetime("ns")),
}


def _sum_of_powers(values: list[Fraction], power: int) -> Fraction:
    total = Fraction()
    for value in values:
        total += math.prod([value] * power)
    return total


def exact(values: list[Any]) -> tuple[float, float, float, float]:
    """Mean, deviation, skewness and kurtosis, in fractions as long as one can."""
    numbers = [Fraction(value) for value in values]
    n = len(numbers)
    mean = sum(numbers, Fraction()) / n
    most = max(abs(number - mean) for number in numbers)
    apart = [(number - mean) / most for number in numbers]
    second, third, fourth = (_sum_of_powers(apart, power) for power in (2, 3, 4))
    skewness = float(third / n) / float(second / n) ** 1.5 * math.sqrt(n * (n - 1)) / (n - 2)
    above = (n + 1) * n * (n - 1) * fourth / ((n - 2) * (n - 3) * second * second)
    kurtosis = float(above - Fraction(3 * (n - 1) ** 2, (n - 2) * (n - 3)))
    return float(mean), math.sqrt(second / (n - 1)) * float(most), skewness, kurtosis


def moments_of(values: pl.Series, pieces: int) -> tuple[float, float | None, float | None, float | None]:
    moments = Moments()
    size = -(-values.len() // pieces)
    for start in range(0, values.len(), size):
        moments.add(values[start : start + size])
    return moments.mean, moments.std, moments.skewness, moments.kurtosis


@pytest.mark.parametrize("pieces", [1, 7])
@pytest.mark.parametrize("name", FAR)
def test_moments_are_exact_however_far_from_zero_the_values_lie(name: str, pieces: int) -> None:
    values = FAR[name]
    numbers = values.to_physical().to_list() if values.dtype.is_temporal() else values.to_list()

    assert moments_of(values, pieces) == pytest.approx(exact(numbers), rel=1e-12, abs=1e-15)


@given(
    st.sampled_from([0, 1, -(10**9), 10**15, -(2**62), 2**63 - 2_001]),
    st.lists(st.integers(0, 2_000), min_size=4, max_size=40).filter(lambda values: len(set(values)) > 1),
    st.integers(1, 5),
)
def test_an_offset_changes_no_moment_but_the_mean(offset: int, values: list[int], pieces: int) -> None:
    moved = moments_of(pl.Series([value + offset for value in values], dtype=pl.Int64), pieces)

    assert moved == pytest.approx(exact([value + offset for value in values]), rel=1e-11, abs=1e-11)


def test_the_mean_of_alike_values_is_that_value() -> None:
    assert moments_of(pl.Series([0.1] * 1_000), 3) == (0.1, 0.0, None, None)
