"""Sheets are read by patterns where they are plain, and element by element elsewhere: any sheet gives the same table,
the same notes or the same error both ways. A comment before its first element makes a part one that is not plain."""

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from common.errors import InputError
from helpers.sheets import HEADS, NAMESPACE
from processor.reading import ReadOptions
from processor.reading.flaws import Flaws
from processor.reading.spreadsheet import xml
from processor.reading.spreadsheet.plain_xml import rows_of, texts_of
from processor.reading.spreadsheet.source import ExcelSource

SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
ROOTS = {SHEET: "<worksheet", TEXTS: "<sst"}
CHUNKS = (16, 100, 400)  # so that small sheets come in many pieces
Parts = Mapping[str, bytes]
Found = tuple[pl.DataFrame | None, list[tuple[str, str]], str]

NUMBERS = st.sampled_from(
    ["0", "1", "-1", "1.5", "1e5", "1E-3", "-0", " 7 ", "0.25", "60", "45000", "45000.75", "1e400", "nan", "1_0",
     "9007199254740993", "&#49;2", "&#x31;", "2958466", "-0.5", "59", "soon"]
)  # fmt: skip
WORDS = st.sampled_from(
    ["a", "a&amp;b",
     "&lt;c r=&quot;A1&quot;&gt;&lt;v&gt;", "&#65;&#x42;", "&apos;", "_x000D_", "_x0041_b", "a>b", " a ",
     "é日本\U0001f31e", "a\r\nb", "a\rb", "a\nb", "&#13;", "&#10;", "1", "2024-01-01", "2024-01-01T10:00:00Z", "#N/A",
     "_xD800_", "_xD83C__xDF1E_", "r/c"]
)  # fmt: skip
MOMENTS = st.sampled_from(
    ["2024-01-01", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00", "2024-01-01T10:00:00+02:00", "10:00:00", "PT5H", " "]
)
MALFORMED = st.sampled_from(["&none;", "&#0;", "&#xFFFFFFFFF;", "]]>", "&", "\x01", "x", "99", "-1"])
ODD_CONTENTS = st.sampled_from(
    ["<v/>", "<v />", "<v></v>", "<v><![CDATA[5]]></v>", "<v><![CDATA[</row>]]></v>", "<v>1<!-- 2 -->3</v>", "<is/>",
     "<f/>", "<is><t/></is>", "<is><r><t>a</t></r><r><t>b</t></r></is>", "<is><t>a</t><rPh><t>b</t></rPh></is>",
     "<v>1</v ><f/>", "<is><t xml:space='preserve'> a</t></is>", "<is><t>a</t></is><v>1</v>",
     "<x:v>3</x:v>", "<foo>4</foo>"]
)  # fmt: skip
ODD_ATTRIBUTES = st.sampled_from(
    [" t = 's'", ' t = "s"', ' x:t="s"', ' aXt="b"', ' x="a>b"', ' x="a\'t=&quot;b"', '  t="b"', '\nt="b"', ' s=" 1 "',
     ' t="b" ', ' cm="1" vm="2"', ' t=""', ' t="zz"', ' x:r="C1"', ' xmlns="y"']
)  # fmt: skip
REFERENCES = st.sampled_from(
    ['r="{0}{1}"'] * 30 + ["", 'r="{0}"', "r='{0}{1}'", 'r="{0}{1}{0}"', 'r="b2"', 'r="ABCD1"']
)
SHARED = ["", "a", "a", "b &amp; c", "_x0041_", "\r\n x"]


@st.composite
def cells(draw: st.DrawFn, letter: str, row: int) -> str:
    """A cell as programs write it, or seldom as they do not."""
    kind = draw(st.sampled_from(["n"] * 4 + ["s"] * 3 + ["inlineStr", "str", "b", "e", "d"]))
    style = draw(st.sampled_from(["", "", ' s="0"', ' s="1"', ' s="2"', ' s="3"', ' s="4"', ' s="9"', ' s="x"']))
    reference = draw(REFERENCES).format(letter, row)
    typed = "" if kind == "n" else f' t="{kind}"'
    attributes = draw(ODD_ATTRIBUTES) if odd(draw) else draw(st.sampled_from([style + typed, typed + style]))
    if not odd(draw):
        attributes = f" {reference}{attributes}" if reference else attributes
    else:
        attributes = f"{attributes} {reference}"
    if draw(st.integers(0, 7)) == 0:
        return f"<c{attributes}/>"
    return f"<c{attributes}>{draw(ODD_CONTENTS) if odd(draw) else contents(draw, kind)}</c>"


def odd(draw: st.DrawFn, *, one_of: int = 12) -> bool:
    return draw(st.integers(0, one_of)) == one_of


def contents(draw: st.DrawFn, kind: str) -> str:
    if odd(draw, one_of=150):
        return f"<v>{draw(MALFORMED)}</v>"
    match kind:
        case "s":
            value = draw(st.sampled_from([str(number) for number in range(len(SHARED))]))
        case "n":
            value = draw(NUMBERS)
        case "b":
            value = draw(st.sampled_from(["0", "1", "true", " 1 ", "FALSE", "maybe"]))
        case "inlineStr":
            space = draw(st.sampled_from(["", ' xml:space="preserve"']))
            return f"<is><t{space}>{draw(WORDS)}</t></is>"
        case "d":
            value = draw(MOMENTS)
        case _:
            value = draw(WORDS)
    formula = draw(st.sampled_from(["", "", "<f>A1&amp;B1</f>", '<f t="shared" si="0"/>', '<f ref="A1">1>0</f>']))
    return f"{formula}<v>{value}</v>"


@st.composite
def rows(draw: st.DrawFn) -> str:
    """Rows of some columns, some of them without cells; now and then what no program writes between them."""
    written = []
    for number in range(2, draw(st.integers(2, 9))):
        taken = draw(
            st.sets(
                st.sampled_from(["A", "B", "C", "AA", "CAA", "CAC", "XFD", "XFE"] if odd(draw) else ["A", "B", "C"])
            )
        )
        inner = "".join(draw(cells(letter, number)) for letter in sorted(taken, key=lambda each: (len(each), each)))
        begin = draw(st.sampled_from([f'<row r="{number}">', f'<row r="{number}" spans="1:3" ht="15.5">', "<row>"]))
        written.append(f"{begin}{inner}</row>" if inner or draw(st.booleans()) else "<row/>")
        if odd(draw):
            between = ["\n", "<!-- </row><row><c><v>8</v></c></row> -->", "<?x </row><row><c><v>8</v></c></row>?>"]
            written.append(draw(st.sampled_from(between)))
    return "".join(written)


HEADERS = st.sampled_from(["", '<?xml version="1.0"?>\n', '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'])
ODD_HEADERS = st.sampled_from(
    ["\ufeff", '<?x </row><row><c r="B2"><v>8</v></c></row>?>', '<?xml version="1.0" encoding="ISO-8859-1"?>',
     "<!-- </row> -->"]
)  # fmt: skip
FIRST = "<row>" + "".join(f'<c r="{letter}1" t="str"><v>{letter}</v></c>' for letter in "ABC") + "</row>"
STYLES = (
    f'<styleSheet {NAMESPACE}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/><xf numFmtId="21"/>'
    '<xf numFmtId="46"/>'
    "</cellXfs></styleSheet>"
)


@st.composite
def sheets(draw: st.DrawFn) -> Parts:
    """The parts of a workbook of one sheet."""
    header = draw(ODD_HEADERS) if odd(draw) else draw(HEADERS)
    names = f'{NAMESPACE} xmlns:x="urn:x"'
    text = f"{header}<worksheet {names}><sheetData>{FIRST}{draw(rows())}</sheetData></worksheet>"
    texts = "".join(
        f"<si><t>{each}</t></si>" if not odd(draw) else f"<si><r><t>{each}</t></r><rPh><t>x</t></rPh></si>"
        for each in SHARED
    )
    odd_text = draw(st.sampled_from(["<si/>", "<si><t/></si>"])) if odd(draw) else ""
    encoding = draw(st.sampled_from(["utf-16", "latin-1"])) if odd(draw) else "utf-8"
    return {
        **{name: part.encode() for name, part in HEADS.items()},
        "xl/styles.xml": STYLES.encode(),
        SHEET: text.encode(encoding, errors="replace"),
        TEXTS: f"{header}<sst {names}>{odd_text}{texts}</sst>".encode(),
    }


def by_elements(parts: Parts) -> Parts:
    """The same, with a comment before the first element."""
    return {name: commented(part, ROOTS[name]) if name in ROOTS else part for name, part in parts.items()}


def commented(part: bytes, root: str) -> bytes:
    encoding = "utf-16-le" if part.startswith(b"\xff\xfe") else "latin-1"
    return part.replace(root.encode(encoding), f"<!---->{root}".encode(encoding), 1)


def found(folder: Path, parts: Parts) -> Found:
    path = folder / "book.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        for name, part in parts.items():
            package.writestr(name, part)
    flaws = Flaws()
    try:
        pieces = list(ExcelSource(path, ReadOptions(), folder=folder, most_bytes=1 << 20).pieces(flaws))
    except InputError as error:
        return None, list(flaws.notes), error.message
    mixed = sorted({name for piece in pieces for name in piece.mixed})
    notes = [*flaws.notes, *(("mixed", name) for name in mixed)]
    return pl.concat([piece.frame for piece in pieces], how="diagonal_relaxed"), notes, ""


def assert_same_both_ways(folder: Path, parts: Parts, chunk: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(xml, "_CHUNK", chunk)
        fast, slow = found(folder, parts), found(folder, by_elements(parts))
    assert fast[2] == slow[2]
    if fast[0] is None or slow[0] is None:
        # How far each came before it met the damage is of no consequence.
        assert fast[0] is slow[0]
    else:
        assert fast[1] == slow[1]
        assert_frame_equal(fast[0], slow[0], check_exact=True)


many = settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)


@many
@given(parts=sheets(), chunk=st.sampled_from(CHUNKS))
def test_a_sheet_of_any_form_is_the_same_table_both_ways(tmp_path: Path, parts: Parts, chunk: int) -> None:
    assert_same_both_ways(tmp_path, parts, chunk)


@pytest.mark.parametrize("reference", ["&none;", "&#0;", "&#xFFFFFFFFF;", "&#1114112;"])
@pytest.mark.parametrize("place", ["cell", "shared text"])
def test_a_reference_to_no_character_is_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, place: str
) -> None:
    names = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    cell, text = ("x", reference) if place == "shared text" else (reference, "x")
    row = '<row><c r="A1" t="s"><v>9</v></c><c r="B1" t="str"><v>{}</v></c></row>'
    rows = row.format("x") * 9 + row.format(cell)
    parts = {
        **{name: part.encode() for name, part in HEADS.items()},
        "xl/styles.xml": STYLES.encode(),
        SHEET: f'<worksheet xmlns="{names}"><sheetData>{rows}</sheetData></worksheet>'.encode(),
        TEXTS: f'<sst xmlns="{names}">{"<si><t>a</t></si>" * 9}<si><t>{text}</t></si></sst>'.encode(),
    }

    # Small pieces: the first of a part goes to the parser of elements in any case.
    monkeypatch.setattr(xml, "_CHUNK", 128)
    assert found(tmp_path, parts)[2] == "The spreadsheet is damaged or cut off."


def test_a_cell_whose_place_is_said_twice_is_the_same_both_ways(tmp_path: Path) -> None:
    """The first of the two lies behind the last column that a sheet may have."""
    names = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    first, cell = '<row><c r="A1" t="str"><v>A</v></c></row>', '<c r="XFE2" x:r="B2" t="str"><v>B</v></c>'
    rows = f"<sheetData>{first * 3}<row>{cell}</row></sheetData>"
    sheet = f'<worksheet xmlns="{names}" xmlns:x="urn:x">{rows}</worksheet>'
    heads = {name: part.encode() for name, part in HEADS.items()}
    parts = {
        **heads,
        "xl/styles.xml": STYLES.encode(),
        SHEET: sheet.encode(),
        TEXTS: f'<sst xmlns="{names}"/>'.encode(),
    }

    assert_same_both_ways(tmp_path, parts, 16)
    assert found(tmp_path, parts)[2] == ""


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**15), 10**15),
    st.floats(-1e300, 1e300),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
    st.sampled_from([" a ", "a\nb", "<&>'\"", "_x0041_", "=1/0", "é\U0001f31e", "", "=1+1"]),
    st.dates(min_value=dt.date(1900, 3, 1)),
    st.datetimes(min_value=dt.datetime(1900, 3, 1)),  # noqa: DTZ001  # sheets know no time zone
    st.times(),
)
TABLES = st.lists(st.lists(VALUES, max_size=5), min_size=1, max_size=30)


def by_xlsxwriter(table: Sequence[Sequence[Any]]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "default_date_format": "yyyy-mm-dd hh:mm"}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(table):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def by_openpyxl(table: Sequence[Sequence[Any]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in table:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def parts_of(content: bytes) -> Parts:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


WRITERS: Mapping[str, Callable[[Sequence[Sequence[Any]]], bytes]] = {
    "XlsxWriter": by_xlsxwriter,
    "openpyxl": by_openpyxl,
}


@pytest.mark.parametrize("writer", WRITERS)
@settings(many, max_examples=60)
@given(table=TABLES, chunk=st.sampled_from(CHUNKS))
def test_a_sheet_that_a_program_wrote_is_the_same_table_both_ways(
    tmp_path: Path, writer: str, table: Sequence[Sequence[Any]], chunk: int
) -> None:
    assert_same_both_ways(tmp_path, parts_of(WRITERS[writer](table)), chunk)


@pytest.mark.parametrize("writer", WRITERS)
def test_what_programs_write_is_plain(writer: str) -> None:
    moment = dt.datetime(2024, 5, 6, 7, 8)  # noqa: DTZ001  # sheets know no time zone
    row = ["a", " b ", "<&>", 1, 1.5, True, None, moment, moment.date(), moment.time(), "=1/0"]
    parts = parts_of(WRITERS[writer]([row] * 3))

    sheet = parts[SHEET].decode()
    taken = rows_of(sheet[sheet.index("</row>") + 6 : sheet.rindex("</row>") + 6])
    assert taken is not None
    assert [len(cells) for cells in taken if cells] == [len(row) - 1] * 2


def test_shared_texts_that_a_program_wrote_are_plain() -> None:
    texts = parts_of(by_xlsxwriter([["a", " b ", "<&>"]]))[TEXTS].decode()

    assert texts_of(texts[texts.index("<si>") : texts.rindex("</si>") + 5]) == ["a", " b ", "<&>"]


@pytest.mark.parametrize("part", ["xl/styles.xml", "xl/workbook.xml"])
def test_a_part_that_is_cut_within_a_letter_is_read(tmp_path: Path, part: str) -> None:
    parts = dict(parts_of(by_xlsxwriter([["a", "b"], [1, 2]])))
    padding = f"<{'é' * 200}/>"
    parts[part] = parts[part].replace(b"</styleSheet>", f"{padding}</styleSheet>".encode())
    parts[part] = parts[part].replace(b"</workbook>", f"{padding}</workbook>".encode())

    for chunk in (100, 101):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(xml, "_CHUNK", chunk)
            frame, _, message = found(tmp_path, parts)
        assert not message
        assert frame is not None
        assert frame.shape == (1, 2)
