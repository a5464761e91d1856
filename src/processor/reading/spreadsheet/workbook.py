"""What an .xlsx file says about its sheets: their names, where they are, the shared texts, what formats show.

Source: ECMA-376, part 1 (SpreadsheetML).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from common.errors import InputError
from processor.reading.archive import shown_member
from processor.reading.spreadsheet.number_formats import Styles
from processor.reading.spreadsheet.parts import Parts, linked
from processor.reading.spreadsheet.plain_xml import texts_of
from processor.reading.spreadsheet.shared_texts import SharedTexts
from processor.reading.spreadsheet.xml import XmlParser, damaged, unescaped

_ParserT = TypeVar("_ParserT", bound="XmlParser")
_MOST_PART = 16 << 20  # of what is read as a whole, and says how to read the rest


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """What is needed to read the cells of one sheet.

    Attributes:
        sheets: names of all sheets that have cells, in their order.
        part: the part of the archive that holds the chosen one.
        texts: the shared texts, which cells name by number; read as they are needed.
        shown: by number of a cell's style, what it shows numbers as: `date`, `time` (of day) or `duration`.
        epoch_1904: whether days are counted from 1904.
    """

    sheets: tuple[str, ...]
    part: str
    texts: SharedTexts
    shown: dict[int, str]
    epoch_1904: bool


def opened(parts: Parts, sheet: str | int | None, *, folder: Path, most_bytes: int) -> Workbook:
    """Read what the sheet needs.

    Args:
        parts: the file; it must stay open as long as cells are read.
        sheet: name or number.
        folder: where shared texts may be put.
        most_bytes: memory for them.

    Raises:
        InputError: there is no such sheet, or the file is damaged or no spreadsheet.
    """
    book = _parse(parts, "xl/workbook.xml", _Book())
    links = _parse(parts, "xl/_rels/workbook.xml.rels", _Links())
    sheets = [(name, link) for name, link in book.sheets if link not in links.others]
    others = {name for name, link in book.sheets if link in links.others}
    target = links.targets.get(_chosen(sheets, sheet, others=others))
    if target is None:
        raise damaged()
    styles = _parse(parts, "xl/styles.xml", Styles()) if "xl/styles.xml" in parts else Styles()
    return Workbook(
        sheets=tuple(name for name, _ in sheets),
        part=linked(target),
        texts=SharedTexts(_texts(parts), folder=folder, most_bytes=most_bytes),
        shown=styles.shown(),
        epoch_1904=book.epoch_1904,
    )


def _texts(parts: Parts) -> Iterator[list[str]]:
    if "xl/sharedStrings.xml" not in parts:
        return
    parser = _Texts()
    with parts.opened("xl/sharedStrings.xml") as part:
        for _ in parser.run(part):
            yield parser.texts
            parser.texts = []


def _chosen(sheets: list[tuple[str, str]], sheet: str | int | None, *, others: set[str]) -> str:
    """The link of the sheet that is wanted; `others` have no cells."""
    if not sheets and others:
        raise InputError("The spreadsheet has charts, and no sheet with cells.", advice="Save the table itself.")
    if not sheets:
        raise damaged()
    if sheet is None:
        return sheets[0][1]
    if isinstance(sheet, int) and 1 <= sheet <= len(sheets):
        return sheets[sheet - 1][1]
    for name, link in sheets:
        if name == sheet:
            return link
    what = "The spreadsheet has no such sheet" if sheet not in others else "That sheet is a chart, without cells"
    names = ", ".join(shown_member(name) for name, _ in sheets[:10])
    raise InputError(f"{what}; there are {names}.", advice="Set read_options.sheet.")


class _Book(XmlParser):
    def __init__(self) -> None:
        super().__init__()
        self.sheets: list[tuple[str, str]] = []
        self.epoch_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            self.sheets.append((attributes.get("name", ""), attributes.get("id", "")))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904") in {"1", "true"}


class _Links(XmlParser):
    """Where worksheets are, by the links that the workbook names; `others` are links to charts and the like."""

    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}
        self.others: set[str] = set()

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name != "Relationship":
            return
        link = attributes.get("Id", "")
        if attributes.get("Type", "").endswith("/worksheet"):
            self.targets[link] = attributes.get("Target", "")
        else:
            self.others.add(link)


class _Texts(XmlParser):
    ending = b"</si>"

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._taking = False
        self._phonetic = False

    def start(self, name: str, _: dict[str, str]) -> None:
        if name == "si":
            self._pieces = []
        elif name == "rPh":
            self._phonetic = True
        elif name == "t":
            self._taking = not self._phonetic

    def end(self, name: str) -> None:
        if name == "t":
            self._taking = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "si":
            self.texts.append(unescaped("".join(self._pieces)))

    def take(self, piece: str) -> bool:
        texts = texts_of(piece)
        self.texts.extend(map(unescaped, texts or ()))
        return texts is not None

    def text(self, data: str) -> None:
        if self._taking:
            self._pieces.append(data)
            if len(self._pieces) > 100_000:
                raise damaged()


def _parse(parts: Parts, part: str, parser: _ParserT) -> _ParserT:
    with parts.opened(part) as file:
        for _ in parser.run(file, most=_MOST_PART):
            pass
    return parser
