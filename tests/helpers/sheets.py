"""Workbooks as few programs write them, and how they are read: parts as told, or such that never end."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from helpers.repeated_member import add_repeated
from processor.reading import ReadOptions, Table, read

NAMESPACE = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Part = tuple[bytes, bytes, int]
"""How it begins, what comes then, and how often."""
NOTHING: Part = (b"", b"", 0)
GOOD_ROWS = b"<row><c><v>1</v></c><c><v>2</v></c></row>" * 3
HEADS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
    "xl/workbook.xml": f'<workbook {NAMESPACE} xmlns:r="{LINKS}">'
    '<sheets><sheet name="S" r:id="1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def sheet(*, rows: Part = NOTHING, texts: Part = NOTHING, styles: Part = NOTHING) -> bytes:
    """A workbook of one sheet with three good rows, where the parts that are told never end."""
    out = io.BytesIO()
    first = b'<row><c t="s"><v>0</v></c><c><v>1</v></c></row>' if texts[2] else b""
    parts = {
        "xl/styles.xml": (f"<styleSheet {NAMESPACE}>", styles),
        "xl/sharedStrings.xml": (f"<sst {NAMESPACE}>", texts),
        "xl/worksheets/sheet1.xml": (f"<worksheet {NAMESPACE}><sheetData>{(first + GOOD_ROWS).decode()}", rows),
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as package:
        for name, text in HEADS.items():
            package.writestr(name, text)
        for name, (head, (begin, block, count)) in parts.items():
            add_repeated(package, name, begin=head.encode() + begin, block=block, count=count)
    return out.getvalue()


def workbook(rows: str, *, formats: Sequence[str] = (), changes: Mapping[str, str] | None = None) -> bytes:
    """A workbook whose one sheet has these rows, as XML.

    Args:
        rows: elements of its `sheetData`.
        formats: codes of number formats; the style 1 shows numbers by the first of them, the style 2 by the second …
        changes: further parts, and other texts for those that are there, by name.
    """
    codes = "".join(f'<numFmt numFmtId="{170 + n}" formatCode="{code}"/>' for n, code in enumerate(formats))
    styles = "".join(f'<xf numFmtId="{170 + n}"/>' for n in range(len(formats)))
    parts = {
        **HEADS,
        "xl/styles.xml": f"<styleSheet {NAMESPACE}><numFmts>{codes}</numFmts>"
        f'<cellXfs><xf numFmtId="0"/>{styles}</cellXfs></styleSheet>',
        "xl/worksheets/sheet1.xml": f"<worksheet {NAMESPACE}><sheetData>{rows}</sheetData></worksheet>",
        **(changes or {}),
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in parts.items():
            package.writestr(name, text)
    return out.getvalue()


def column(*cells: str) -> str:
    """Rows of one cell each; what is told of a cell is its attributes, a bar and its value."""
    return "".join(
        f'<row r="{number}"><c r="A{number}"{attributes}><v>{value}</v></c></row>'
        for number, (attributes, _, value) in enumerate((cell.rpartition("|") for cell in cells), start=1)
    )


def read_sheet(folder: Path, content: bytes, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    """The whole table, and what was told while it was read."""
    path = folder / f"{len(list(folder.iterdir()))}.xlsx"
    path.write_bytes(content)
    (scratch := path.with_suffix(".scratch")).mkdir()
    run = RecordingRun(scratch)

    def work(table: Table) -> pl.DataFrame:
        return table.frame.collect(engine="streaming")

    return read(run, input_of(path), ReadOptions.model_validate(options), work), run
