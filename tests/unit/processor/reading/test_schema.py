import polars as pl
import pytest

from processor.reading.names import unique_names
from processor.reading.schema import infer


def decided(values: list[str | None], guess: pl.DataType) -> tuple[pl.DataType, str | None, bool]:
    found = infer(pl.DataFrame({"a": values}, schema={"a": pl.String}), {"a": guess})
    return found.types["a"], found.markers.get("a"), "a" in found.unsure_dates


@pytest.mark.parametrize(
    ("values", "guess", "dtype", "marker"),
    [
        (["1", "2"], pl.Int64(), pl.Int64(), None),
        (["1", "2.5"], pl.Int64(), pl.Float64(), None),
        (["1", "x"], pl.Int64(), pl.String(), None),
        (["1", "NA", "3"], pl.String(), pl.Int64(), "NA"),
        (["1.5", "null", "3"], pl.String(), pl.Float64(), "null"),
        (["1.5", "NaN", "inf"], pl.String(), pl.Float64(), None),
        (["1", "NA", "-"], pl.String(), pl.String(), None),
        (["NA", "NA"], pl.String(), pl.String(), None),
        (["NA", "NZ", "NO"], pl.String(), pl.String(), None),
        (["true", "FALSE"], pl.Boolean(), pl.Boolean(), None),
        (["true", "maybe"], pl.Boolean(), pl.String(), None),
        (["2020-01-31", None], pl.Date(), pl.Date(), None),
    ],
)
def test_the_type_fits_all_of_the_sample(
    values: list[str | None], guess: pl.DataType, dtype: pl.DataType, marker: str | None
) -> None:
    assert decided(values, guess) == (dtype, marker, False)


def test_dates_with_day_and_month_in_doubt_stay_text() -> None:
    assert decided(["01/02/2020", "03/04/2020"], pl.Date()) == (pl.String(), None, True)


def test_names_are_made_unique_and_never_empty() -> None:
    assert unique_names(["a", "", "a", "a_2", "b", "a"]) == ["a", "column_2", "a_3", "a_2", "b", "a_4"]
