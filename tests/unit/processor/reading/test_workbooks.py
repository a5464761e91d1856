"""What a workbook says of its sheets: which there are, where their parts are, and what their formats show."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart

from common.errors import InputError
from helpers.sheets import HEADS, NAMESPACE, column, read_sheet, workbook
from processor.reading.spreadsheet.number_formats import Styles, kind_of

TEXTS = f"<sst {NAMESPACE}><si><t>word</t></si><si><t>one</t></si><si><t>two</t></si></sst>"
WORDS = column(' t="s"|0', ' t="s"|1', ' t="s"|2')


def with_charts(*, before: int, sheets: int) -> bytes:
    book = openpyxl.Workbook()
    for number in range(sheets):
        sheet = book.worksheets[0] if not number else book.create_sheet(f"Sheet{number}")
        sheet.append(["n", "sheet"])
        sheet.append([1, number])
    for number in range(before):
        book.create_chartsheet(f"Chart{number}", index=0).add_chart(BarChart())
    if not sheets:
        book.remove(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_charts_before_the_sheets_are_not_counted(tmp_path: Path) -> None:
    content = with_charts(before=2, sheets=2)

    frame, run = read_sheet(tmp_path, content)
    assert frame.rows() == [(1, 0)]
    assert run.warnings == [("sheet", "The first of 2 sheets was read.")]
    assert read_sheet(tmp_path, content, sheet=2)[0].rows() == [(1, 1)]
    assert read_sheet(tmp_path, with_charts(before=1, sheets=1))[1].warnings == []


def test_a_chart_that_is_asked_for_is_said_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"That sheet is a chart, without cells; there are 'Sheet'\."):
        read_sheet(tmp_path, with_charts(before=1, sheets=1), sheet="Chart0")
    with pytest.raises(InputError, match="no sheet with cells"):
        read_sheet(tmp_path, with_charts(before=1, sheets=0))


@pytest.mark.parametrize(
    ("part", "name"),
    [
        ("xl/sharedStrings.xml", "xl/SharedStrings.xml"),
        ("xl/sharedStrings.xml", r"xl\sharedStrings.xml"),
        ("xl/worksheets/sheet1.xml", r"xl\worksheets\sheet1.xml"),
        ("xl/worksheets/sheet1.xml", "XL/Worksheets/Sheet1.xml"),
        ("xl/workbook.xml", "xl/Workbook.xml"),
    ],
)
def test_parts_are_found_in_any_case_and_behind_backslashes(tmp_path: Path, part: str, name: str) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(WORDS, changes={"xl/sharedStrings.xml": TEXTS}))) as good,
        zipfile.ZipFile(out, "w") as package,
    ):
        for each in good.namelist():
            package.writestr(name if each == part else each, good.read(each))

    assert read_sheet(tmp_path, out.getvalue())[0].to_dict(as_series=False) == {"word": ["one", "two"]}


def test_a_package_of_backslashes_alone_is_a_spreadsheet(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook(column("|1", "|2")))) as good, zipfile.ZipFile(out, "w") as package:
        for each in good.namelist():
            package.writestr(each.replace("/", "\\"), good.read(each))

    assert read_sheet(tmp_path, out.getvalue(), header=False)[0].rows() == [(1,), (2,)]


@pytest.mark.parametrize(
    "target", ["./worksheets/sheet1.xml", "/xl/worksheets/sheet1.xml", "../xl/worksheets/sheet1.xml"]
)
def test_links_to_sheets_may_be_written_in_several_ways(tmp_path: Path, target: str) -> None:
    links = "xl/_rels/workbook.xml.rels"
    content = workbook(column("|1", "|2"), changes={links: HEADS[links].replace("worksheets/sheet1.xml", target)})

    assert read_sheet(tmp_path, content, header=False)[0].rows() == [(1,), (2,)]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"), ("h:mm", "time"), ("mm:ss.0", "time"), ("[$-409]d/m/yyyy", "date"),
        ("[h]:mm", "duration"), ("[hh]:mm:ss", "duration"), ("[mm]:ss", "duration"), ("[s]", "duration"),
        ("[H]:MM", "duration"), ("[Red][h]:mm;[Blue]-[h]:mm", "duration"), ("#,##0", None), ('0 "days"', None),
        ('"a;b" yyyy', "date"), ("[Red]0", None), ("General", None), ("yyyy" + "@" * 300, None),
    ],
)  # fmt: skip
def test_a_format_tells_what_it_shows(code: str, kind: str | None) -> None:
    assert kind_of(170, code) == kind


def test_many_styles_of_one_format_show_the_same() -> None:
    """Each of them was judged anew: two minutes for 3,000 of a format of 4,000 brackets."""
    styles = Styles()
    for number, code in ((170, "[" * 255), (171, "[h]" + "m" * 252)):
        styles.start("numFmt", {"numFmtId": str(number), "formatCode": code})
    styles.start("cellXfs", {})
    for number in range(100_000):
        styles.start("xf", {"numFmtId": str(170 + number % 2)})

    assert styles.shown() == dict.fromkeys(range(1, 100_000, 2), "duration")


def test_a_format_of_brackets_alone_costs_no_more_than_its_length(tmp_path: Path) -> None:
    """It took its length squared: hours for these, which are 2 KB in the file."""
    content = workbook(column(' s="1"|1', ' s="1"|2'), formats=["[" * 2_000_000])

    assert read_sheet(tmp_path, content, header=False)[0].rows() == [(1,), (2,)]
