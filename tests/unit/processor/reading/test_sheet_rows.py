"""The rows of a sheet: which of them are the table, and what rows cost that are wide and nearly empty."""

from pathlib import Path

import polars as pl
import pytest

from common.errors import InputError
from helpers.sheets import column, read_sheet, workbook
from processor.reading import ReadOptions
from processor.reading.columns import MOST_COLUMNS
from processor.reading.flaws import Flaws
from processor.reading.spreadsheet import cells
from processor.reading.spreadsheet.batch import Batch
from processor.reading.spreadsheet.frames import frame_of
from processor.reading.spreadsheet.source import ExcelSource

TITLE = '<row r="1"><c r="A1" t="str"><v>Sales of 2020</v></c></row>'


def pieces(folder: Path, content: bytes, *, header: bool = False) -> list[pl.DataFrame]:
    """The frames of a sheet, of which no table is made: that would take long where they are wide."""
    path = folder / "book.xlsx"
    path.write_bytes(content)
    source = ExcelSource(path, ReadOptions(header=header), folder=folder, most_bytes=1 << 20)
    return [piece.frame for piece in source.pieces(Flaws())]


def record(number: int, *values: str, numbered: bool = True) -> str:
    inner = "".join(
        f'<c r="{letter}{number}" t="str"><v>{value}</v></c>' for letter, value in zip("ABC", values, strict=False)
    )
    return f'<row r="{number}">{inner}</row>' if numbered else f"<row>{inner}</row>"


def table(*, first: int, numbered: bool = True) -> str:
    rows = [("name", "city"), *((f"n{number}", f"c{number}") for number in range(50))]
    return "".join(record(first + number, *row, numbered=numbered) for number, row in enumerate(rows))


@pytest.mark.parametrize("numbered", [True, False])
def test_rows_are_skipped_as_the_sheet_numbers_them(tmp_path: Path, *, numbered: bool) -> None:
    content = workbook(TITLE + table(first=4, numbered=numbered))

    for options in ({"skip_rows": 3}, {"skip_rows": 1}, {}):
        frame, _ = read_sheet(tmp_path, content, **options)
        assert frame.columns == ["name", "city"]
        assert frame.height == 50
    frame, _ = read_sheet(tmp_path, content, skip_rows=5, header=False)
    assert frame.row(0) == ("n1", "c1")
    assert frame.height == 49


def test_empty_rows_that_are_written_are_counted_once(tmp_path: Path) -> None:
    content = workbook(TITLE + '<row r="2"/><row><c r="A3" s="0"/></row>' + table(first=4))

    assert read_sheet(tmp_path, content, skip_rows=3)[0].height == 50


def test_more_rows_are_skipped_than_a_first_look_takes(tmp_path: Path) -> None:
    content = workbook(column(*["|1"] * 30_000) + table(first=30_001))

    frame, run = read_sheet(tmp_path, content, skip_rows=30_000)

    assert frame.columns == ["name", "city"]
    assert frame.height == 50
    assert run.warnings == []


def test_a_number_of_a_row_that_no_sheet_has_skips_nothing(tmp_path: Path) -> None:
    content = workbook(TITLE + f'<row r="{10**30}"/><row r="999999999"/>' + record(4, "a", "b") + record(5, "c", "d"))

    assert read_sheet(tmp_path, content, skip_rows=3, header=False)[0].rows() == [("a", "b"), ("c", "d")]


def test_what_is_skipped_is_not_told_of(tmp_path: Path) -> None:
    content = workbook('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>' + table(first=2))

    assert read_sheet(tmp_path, content, skip_rows=1)[1].warnings == []


def test_a_sheet_that_ends_before_its_table_is_said_to(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="ends before its table begins"):
        read_sheet(tmp_path, workbook(table(first=1)), skip_rows=51)


def test_a_value_in_the_last_column_makes_no_large_rows(tmp_path: Path) -> None:
    """Side by side they would be 400 million cells."""
    rows = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{n}</v></c><c r="XFD{n}"><v>{-n}</v></c></row>' for n in range(1, 25_001)
    )

    frames = pieces(tmp_path, workbook(rows))

    assert {frame.width for frame in frames} == {MOST_COLUMNS}
    assert sum(frame.height for frame in frames) == 25_000
    assert frames[-1].select("column_1", f"column_{MOST_COLUMNS}").row(-1) == (25_000, -25_000)
    assert frames[-1].schema["column_2"] == pl.Null


def test_names_and_values_far_from_all_others_are_read(tmp_path: Path) -> None:
    rows = (
        '<row r="1"><c r="A1" t="str"><v>a</v></c><c r="ZZ1" t="str"><v>b</v></c><c r="XFD1" t="str"><v>z</v></c></row>'
        '<row r="2"><c r="XFD2"><v>1.5</v></c></row><row r="3"><c r="XFC3"><v>3</v></c><c r="XFD3"><v>2</v></c></row>'
        '<row r="4"><c r="A4"><v>7</v></c><c r="ZZ4"><v>8</v></c></row>'
    )

    (frame,) = pieces(tmp_path, workbook(rows), header=True)

    assert frame.height == 3
    assert frame.select("a", "b", "z").rows() == [(None, None, 1.5), (None, None, 2.0), (7, 8, None)]
    assert frame["column_16383"].to_list() == [None, 3, None]


def test_one_long_row_among_short_ones_makes_no_large_frame() -> None:
    batch = Batch()
    batch.extend([[1]] * 50 + [[1] * 1000] + [[1]] * 500)
    batch.add([], {5000: 2})

    parts = list(batch.parts(10_000))

    assert sum(len(part.rows) for part in parts) == 552
    assert all(part.cells <= 10_000 for part in parts)
    assert frame_of(parts[-1], [], set()).row(-1)[5000] == 2


def test_columns_that_are_used_now_and_then_make_pieces_of_few_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cells, "_MOST_CELLS", 10_000)
    letters = ["A", "XFD", "QQQ"] * 2_000
    rows = "".join(f'<row r="{n}"><c r="{letter}{n}"><v>{n}</v></c></row>' for n, letter in enumerate(letters, 1))

    frames = pieces(tmp_path, workbook(rows))

    assert max(frame.height for frame in frames[1:]) < 10_000
    for name, first in (("column_1", 1), (f"column_{MOST_COLUMNS}", 2), ("column_11951", 3)):
        found = [value for frame in frames if name in frame.columns for value in frame[name].drop_nulls()]
        assert found == list(range(first, 6_001, 3))
