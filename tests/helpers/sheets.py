"""Workbooks as no program writes them: a part begins as told, and goes on with the same bytes again and again."""

import io
import zipfile

from helpers.repeated_member import add_repeated

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
