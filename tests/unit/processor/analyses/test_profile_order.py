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
