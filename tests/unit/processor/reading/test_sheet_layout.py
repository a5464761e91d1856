"""Where the table of a sheet begins, and what its columns are called."""

from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.sheets import read_sheet, workbook
from processor.reading.spreadsheet.layout import Layout, find_table

NUMBERS: list[list[Any]] = [["a", 1, 2.5], ["b", 2, 3.5], ["c", 3, 4.5], ["d", 4, 5.5]]
JANUARY, FEBRUARY = datetime(2024, 1, 1), datetime(2024, 2, 1)  # noqa: DTZ001  # sheets know no time zone


def found(rows: list[list[Any]], *, start: int | None = None, named: bool | None = None) -> Layout:
    return find_table(rows, start=start, named=named)


@pytest.mark.parametrize(
    "above",
    [
        [],
        [["A title"]],
        [["A title"], ["and what it is about"]],
        [["Account:", "DE89"], ["From:", JANUARY]],
        [["Report"], ["Made by", "Zoe"], ["Made on", date(2024, 1, 2)]],
    ],
    ids=["nothing", "title", "titles", "account", "report"],
)
def test_what_stands_above_the_table_is_none_of_it(above: list[list[Any]]) -> None:
    layout = found([*above, ["name", "count", "mean"], *NUMBERS])

    assert (layout.start, layout.names, layout.first) == (len(above), ["name", "count", "mean"], len(above) + 1)


@pytest.mark.parametrize("days", [[JANUARY, FEBRUARY], [date(2024, 1, 1), date(2024, 2, 1)]], ids=["moments", "days"])
def test_days_over_columns_of_numbers_are_their_names_in_iso_form(days: list[Any]) -> None:
    assert found([["region", *days], *NUMBERS]).names == ["region", "2024-01-01", "2024-02-01"]
    assert found([[None, *days], *NUMBERS]).names == ["", "2024-01-01", "2024-02-01"]


def test_a_moment_keeps_its_time_of_day_as_a_name() -> None:
    clock = datetime(2024, 1, 1, 12, 30)  # noqa: DTZ001

    assert found([["region", clock, clock], *NUMBERS], named=True).names == ["region", *["2024-01-01T12:30:00"] * 2]


def test_days_over_days_are_values() -> None:
    rows = [["a", JANUARY], ["b", FEBRUARY], ["c", FEBRUARY]]

    assert found(rows) == Layout(start=0, names=None)


@pytest.mark.parametrize(
    "units", [[None, "kg", "m/s"], ["(text)", "[kg]", "(m/s)"], ["-", "%", "€"], [None, "°C", "kWh/m²"], [None, "kg"]]
)
def test_a_row_of_units_below_the_names_is_told_apart(units: list[Any]) -> None:
    layout = found([["name", "count", "mean"], units, *NUMBERS])

    if len(units) == 3:
        assert layout.units == [unit for unit in units if unit is not None]
        assert layout.first == 2
    else:
        assert layout.units is None  # of half of the columns only


@pytest.mark.parametrize(
    "row",
    [
        ["z", "many", "few"],
        [None, "n/a", "-"],
        [None, "NULL", "kg"],
        [None, 7, "kg"],
        [None, "12", "13"],
        [None, "this is a long remark about it", "kg"],
    ],
    ids=["a name", "missing", "one missing", "a number", "digits", "remarks"],
)
def test_a_row_that_holds_a_value_is_none_of_units(row: list[Any]) -> None:
    assert found([["name", "count", "mean"], row, *NUMBERS]).units is None


@pytest.mark.parametrize(("word", "units"), [("absent", None), ("[hours]", ["[hours]"]), ("km", ["km"])])
def test_a_word_alone_is_a_unit_if_it_looks_like_one(word: str, units: list[str] | None) -> None:
    assert found([["day", "score"], [None, word], ["Bob", 3], ["Eve", 4], ["Joe", 5]]).units == units


def test_texts_have_no_units() -> None:
    rows = [["name", "city"], ["kg", "m"], ["a", "b"], ["c", "d"], ["e", "f"]]

    assert found(rows).units is None


def test_a_column_of_times_may_have_a_unit() -> None:
    assert found([["at", "n"], ["h:m", "kg"], *[[time(hour), hour] for hour in range(5)]]).units == ["h:m", "kg"]


def test_what_is_told_is_not_guessed() -> None:
    rows = [["A title"], ["name", "count", "mean"], *NUMBERS]

    assert found(rows, start=0, named=True).names == ["A title"]
    assert found(rows, start=1, named=False) == Layout(start=1, names=None)


NOTES = ["Source: the office for numbers", "* estimated", "These are all that there are."]


@pytest.mark.parametrize("count", [0, 1, 3])
@pytest.mark.parametrize("rows", [5, 1_998, 2_001, 22_000], ids=["few", "cut between", "then few", "many"])
def test_notes_below_the_table_are_left_out_and_told(tmp_path: Path, rows: int, count: int) -> None:
    values = ([n, n, n / 2] for n in range(rows))

    frame, run = read_sheet(
        tmp_path, workbook(rows_of(["number", "mass", "speed"], *values, *([n] for n in NOTES[:count])))
    )

    assert frame.schema == {"number": pl.Int64, "mass": pl.Int64, "speed": pl.Float64}
    assert frame.height == rows
    assert ("footer" in run.codes) == (count > 0)


@pytest.mark.parametrize(
    "last",
    [["Total", 7, 8], ["Berlin"], ["Johnson and Johnson Services Group"], [None, "Source: x"], ["Source: x", None, 1]],
    ids=["sum", "name", "long name", "second", "two"],
)
def test_last_rows_that_may_be_values_stay(tmp_path: Path, last: list[Any]) -> None:
    frame, run = read_sheet(tmp_path, workbook(rows_of(["name", "mass", "speed"], *NUMBERS, last)))

    assert frame.height == len(NUMBERS) + 1
    assert "footer" not in run.codes


def test_sentences_with_values_after_them_or_many_of_them_stay(tmp_path: Path) -> None:
    noted = [["This is a long remark", None, None], *NUMBERS, *([["Another of these long remarks"]] * 11)]

    frame, _ = read_sheet(tmp_path, workbook(rows_of(["name", "mass", "speed"], *NUMBERS, *noted)))

    assert frame.height == 2 * len(NUMBERS) + 12


def test_texts_of_a_narrow_table_are_no_notes(tmp_path: Path) -> None:
    frame, _ = read_sheet(
        tmp_path, workbook(rows_of(["title", "n"], ["a b c d", 1], ["e: f", 2], ["What: a long title"]))
    )

    assert frame.height == 3


def rows_of(*rows: list[Any]) -> str:
    """Rows as XML; `s=1` is the style of dates, for numbers from 40,000 on."""
    cells = [
        "".join(
            f'<c r="{"ABCD"[place]}{number}" t="str"><v>{cell}</v></c>'
            if isinstance(cell, str)
            else f'<c r="{"ABCD"[place]}{number}" s="{int(cell >= 40_000)}"><v>{cell}</v></c>'
            for place, cell in enumerate(row)
            if cell is not None
        )
        for number, row in enumerate(rows, start=1)
    ]
    return "".join(f'<row r="{number}">{row}</row>' for number, row in enumerate(cells, start=1))


def test_units_that_are_left_out_leave_columns_of_numbers_and_are_told(tmp_path: Path) -> None:
    rows = rows_of(
        ["A title"], ["name", "mass", "speed"], [None, "kg", "m/s"], *([f"n{n}", n, n / 2] for n in range(5))
    )

    frame, run = read_sheet(tmp_path, workbook(rows))

    assert frame.schema == {"name": pl.String, "mass": pl.Int64, "speed": pl.Float64}
    assert frame.height == 5
    assert dict(run.warnings)["units"] == "The row below the names holds units (kg, m/s); it was left out."
    assert "preamble" in run.codes


def test_columns_that_are_days_have_iso_names(tmp_path: Path) -> None:
    rows = rows_of(["region", 45_292, 45_323], *([f"n{n}", n, n * 2] for n in range(5)))

    frame, run = read_sheet(tmp_path, workbook(rows, formats=["yyyy-mm-dd hh:mm"]))

    assert frame.columns == ["region", "2024-01-01", "2024-02-01"]
    assert run.codes == set()
