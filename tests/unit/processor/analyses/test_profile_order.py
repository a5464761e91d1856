import math
from fractions import Fraction

import polars as pl
import pytest

from processor.analyses.profile.moments import Moments
from processor.analyses.profile.order import Steps

ORDERS = [
    ([1, 2, 5], "strictly increasing"),
    ([1, 2, 2], "increasing"),
    ([5, 2, 1], "strictly decreasing"),
    ([2, 2, 1], "decreasing"),
    ([2, 2, 2], "constant"),
    ([2, 3, 1], "none"),
]


@pytest.mark.parametrize(("values", "order"), ORDERS)
@pytest.mark.parametrize("size", [1, 2, 3])
def test_the_order_is_the_same_however_the_column_is_cut(values: list[int], order: str, size: int) -> None:
    steps = Steps()
    for piece in pl.Series("v", values).to_frame().iter_slices(size):
        steps.add(piece["v"])

    assert steps.order == order


def test_skewness_and_kurtosis_are_the_same_however_the_column_is_cut() -> None:
    values = pl.Series([float(number**3 % 101) for number in range(500)])
    whole, pieces = Moments(), Moments()
    whole.add(values)
    for start, stop in ((0, 3), (3, 200), (200, 500)):
        pieces.add(values[start:stop])

    assert pieces.skewness == pytest.approx(values.skew(bias=False), rel=1e-9)
    assert pieces.kurtosis == pytest.approx(values.kurtosis(bias=False), rel=1e-9)
    assert (whole.skewness, whole.kurtosis) == pytest.approx((pieces.skewness, pieces.kurtosis), rel=1e-9)


@pytest.mark.parametrize("exponent", [-1030, -300, 300, 1000])
def test_moments_of_very_large_and_very_small_numbers_are_those_of_plain_ones_times_a_power(exponent: int) -> None:
    plain, far = Moments(), Moments()
    for piece in ([3.0, 1.0, -2.0], [0.0, 7.0], [100.0, 5.0, 5.5]):
        plain.add(pl.Series(piece))
        far.add(pl.Series([math.ldexp(value, exponent) for value in piece]))

    assert (far.skewness, far.kurtosis) == pytest.approx((plain.skewness, plain.kurtosis), rel=1e-12)
    assert far.mean == pytest.approx(math.ldexp(plain.mean, exponent), rel=1e-6, abs=0)
    assert far.std == pytest.approx(math.ldexp(plain.std or 0.0, exponent), rel=1e-6, abs=0)


@pytest.mark.parametrize("values", [[1e-310, 2e-310, 1.5, -3.5], [4.0, 1e308, 5e-324, 0.0], [0.0, 0.0, 1e200, 3e200]])
def test_moments_of_numbers_far_apart_are_the_same_however_the_column_is_cut(values: list[float]) -> None:
    whole = Moments()
    whole.add(pl.Series(values))

    for cut in (1, 2, 3):
        pieces = Moments()
        for piece in (values[:cut], values[cut:]):
            pieces.add(pl.Series(piece))
        figures = (pieces.mean, pieces.std, pieces.skewness, pieces.kurtosis)
        assert figures == pytest.approx((whole.mean, whole.std, whole.skewness, whole.kurtosis), rel=1e-12, abs=0)
    assert whole.std == pytest.approx(_exact_std(values), rel=1e-12, abs=0)


def _exact_std(values: list[float]) -> float:
    exact = [Fraction(value) for value in values]
    mean = sum(exact) / len(exact)
    scale = Fraction(max(map(abs, exact)))
    variance = sum(((value - mean) / scale) ** 2 for value in exact) / (len(exact) - 1)
    return math.sqrt(variance) * float(scale)


def test_the_mean_of_moments_is_exact_to_their_unit() -> None:
    moments = Moments()
    moments.add(pl.Series([2**62 + 1, 2**62 + 2, 2**62 + 4, 2**62 + 6], dtype=pl.Datetime("ns")))

    assert moments.nearest_mean == 2**62 + 3
