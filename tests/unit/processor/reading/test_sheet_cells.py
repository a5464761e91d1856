"""The values of a sheet's cells: numbers of days, texts of ISO 8601, and cells that are not what they say."""

import io
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path

import openpyxl
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.sheets import column, read_sheet, workbook
from processor.reading.spreadsheet import moments

FORMATS = ("yyyy-mm-dd", "h:mm", "[h]:mm", "yyyy-mm-dd hh:mm")
DAY, CLOCK, ELAPSED = ' s="1"|', ' s="2"|', ' s="3"|'
ISO = ' t="d"|'
MOMENT = datetime(2024, 2, 29, 3, 4, 5)  # noqa: DTZ001  # sheets know no time zone


def values(folder: Path, *cells: str) -> tuple[pl.Series, set[str]]:
    """The cells as a column, and the codes of the warnings."""
    frame, run = read_sheet(folder, workbook(column(*cells), formats=FORMATS), header=False)
    return frame.to_series(), run.codes


def test_hours_that_add_up_are_durations(tmp_path: Path) -> None:
    durations = [timedelta(hours=5), timedelta(hours=30), timedelta(days=70), -timedelta(minutes=90)]
    book = openpyxl.Workbook()
    book.worksheets[0].append(["worked"])
    for each in durations:
        book.worksheets[0].append([each])
    book.save(out := io.BytesIO())

    frame, run = read_sheet(tmp_path, out.getvalue())

    assert frame.schema == {"worked": pl.Duration("us")}
    assert frame["worked"].to_list() == durations
    assert run.warnings == []


def test_durations_are_texts_where_they_are_wished_to_be(tmp_path: Path) -> None:
    content = workbook(column(' t="str"|worked', ELAPSED + "1.25"), formats=FORMATS)

    assert read_sheet(tmp_path, content, dtypes={"worked": "text"})[0]["worked"].to_list() == ["P1DT6H"]


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["0.5", "0"], [time(12), time()]),
        (["0.5", "1"], [timedelta(hours=12), timedelta(days=1)]),
        (["1.5", "0.25"], [timedelta(hours=36), timedelta(hours=6)]),
        (["-0.5", "0.25"], [timedelta(hours=-12), timedelta(hours=6)]),
        (["45351.5"], [datetime(2024, 2, 29, 12)]),  # noqa: DTZ001
    ],
)
def test_times_of_a_day_or_more_make_a_column_of_durations(
    tmp_path: Path, cells: list[str], expected: list[object]
) -> None:
    found, told = values(tmp_path, *(CLOCK + cell for cell in cells))

    assert found.to_list() == expected
    assert not told & {"types", "cell_dates"}


def test_a_column_of_times_becomes_one_of_durations_later_too(tmp_path: Path) -> None:
    found, told = values(tmp_path, *[CLOCK + "0.5"] * 30_000, CLOCK + "1.5")

    assert found.dtype == pl.Duration("us")
    assert found[[0, -1]].to_list() == [timedelta(hours=12), timedelta(hours=36)]
    assert "types" not in told


def test_durations_beside_texts_are_texts_wherever_they_stand(tmp_path: Path) -> None:
    early, told_early = values(tmp_path, ELAPSED + "1.25", ' t="str"|none')
    late, told_late = values(tmp_path, *[ELAPSED + "1.25"] * 30_000, ' t="str"|none')

    assert early.to_list() == late[[0, -1]].to_list() == ["P1DT6H", "none"]
    assert "types" in told_early
    assert "types" in told_late


def test_dates_before_march_1900_are_dates(tmp_path: Path) -> None:
    found, told = values(tmp_path, *(f"{DAY}{number}" for number in (1, 31, 59, 61)))

    assert found.to_list() == [date(1900, 1, 1), date(1900, 1, 31), date(1900, 2, 28), date(1900, 3, 1)]
    assert not told & {"types", "cell_dates"}


def test_days_that_excel_alone_has_are_missing_and_told(tmp_path: Path) -> None:
    for number in ("0", "60", "60.5"):
        found, told = values(tmp_path, DAY + number, DAY + "45351", DAY + "1")

        assert found.to_list() == [date(2024, 2, 29), date(1900, 1, 1)]  # a row without any value is none
        assert "cell_dates" in told


@given(
    days=st.floats(allow_nan=False, allow_infinity=False) | st.floats(2_957_000, 2_958_470) | st.floats(-1, 62),
    shown=st.sampled_from(["date", "time", "duration"]),
    epoch_1904=st.booleans(),
)
def test_any_number_of_days_stands_for_something_that_polars_holds(
    days: float, shown: str, *, epoch_1904: bool
) -> None:
    found = moments.of_number(days, shown, epoch_1904=epoch_1904)

    assert pl.Series([found]).to_list() == [found]


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["03:04:05", "T03:04:05", "03:04:05Z"], [time(3, 4, 5)] * 3),
        (["2024-02-29", "2024-03-01"], [date(2024, 2, 29), date(2024, 3, 1)]),
        (["2024-02-29", "2024-02-29T03:04:05"], [datetime(2024, 2, 29), MOMENT]),  # noqa: DTZ001
        (["2024-02-29T03:04:05Z", "2024-02-29T03:04:05.000"], [MOMENT, MOMENT]),
    ],
)
def test_texts_of_dates_and_times_are_such(tmp_path: Path, texts: Sequence[str], expected: Sequence[object]) -> None:
    found, told = values(tmp_path, *(ISO + text for text in texts))

    assert found.to_list() == expected
    assert not told & {"types", "cell_zones"}


def test_moments_with_an_offset_are_read_as_utc_and_told(tmp_path: Path) -> None:
    found, told = values(tmp_path, ISO + "2024-02-29T05:04:05+02:00", ISO + "2024-02-29T03:04:05")

    assert found.to_list() == [MOMENT, MOMENT]
    assert "cell_zones" in told


def test_what_is_no_date_stays_the_text_that_it_is(tmp_path: Path) -> None:
    texts = ["PT5H", "10000-01-01", "05:00:00+02:00", "0001-01-01T00:00:00+02:00", "2024"]

    found, told = values(tmp_path, *(ISO + text for text in texts))

    assert found.to_list() == texts
    assert "cell_types" in told


def test_times_that_openpyxl_writes_as_texts_are_times(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.iso_dates = True
    for row in ["clock", "day"], [time(3, 4, 5), date(2024, 2, 29)], [time(4), date(2024, 3, 1)]:
        book.worksheets[0].append(row)
    book.save(out := io.BytesIO())

    frame, run = read_sheet(tmp_path, out.getvalue())

    assert frame["clock"].to_list() == [time(3, 4, 5), time(4)]
    assert run.warnings == []


def test_a_number_that_is_none_stays_text_and_is_told(tmp_path: Path) -> None:
    found, told = values(tmp_path, "|1", "|1,5", "|1_000", DAY + "soon", ' t="b"|maybe', "| ")

    assert found.to_list() == ["1", "1,5", "1_000", "soon", "maybe"]
    assert {"cell_types", "types"} <= told


@pytest.mark.parametrize("style", ["", "x", "99", "-1"])
def test_a_style_that_is_none_shows_nothing(tmp_path: Path, style: str) -> None:
    assert values(tmp_path, f' s="{style}"|45351', "|2")[0].to_list() == [45351, 2]


@pytest.mark.parametrize(("truth", "expected"), [("TRUE", True), ("true", True), ("FALSE", False), ("0", False)])
def test_truth_values_are_read_in_any_case(tmp_path: Path, truth: str, expected: object) -> None:
    assert values(tmp_path, f' t="b"|{truth}', ' t="b"|1')[0].to_list() == [expected, True]


def test_references_in_lower_case_are_the_same_places(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="b1"><v>1</v></c><c r="D1"><v>2</v></c></row><row r="2"><c r="aa2"><v>3</v></c></row>'

    frame, _ = read_sheet(tmp_path, workbook(rows), header=False)

    assert [(row.index(value), value) for row in frame.rows() for value in row if value] == [(1, 1), (3, 2), (26, 3)]


def test_a_column_of_several_types_is_told_also_when_its_first_rows_are_so(tmp_path: Path) -> None:
    frame, run = read_sheet(tmp_path, workbook(column(' t="str"|a', "|0", ' t="str"|t1', ' t="b"|1', "|2.5")))

    assert frame["a"].to_list() == ["0", "t1", "true", "2.5"]
    assert run.warnings == [("types", "Column 'a' holds values of several types; read as text.")]


def test_whole_numbers_beside_others_and_days_beside_moments_are_not_told(tmp_path: Path) -> None:
    cells = [' t="str"|n', "|1", "|1.5"], [' t="str"|at', DAY + "45351", ' s="4"|45351.5']

    for each in cells:
        assert read_sheet(tmp_path, workbook(column(*each), formats=FORMATS))[1].warnings == []
