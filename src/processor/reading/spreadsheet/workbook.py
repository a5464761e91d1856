"""What an .xlsx file says about its sheets: their names, where they are, the shared texts, which formats are dates.

Source: ECMA-376, part 1 (SpreadsheetML).
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar
from zipfile import ZipFile

from common.errors import InputError
from processor.reading.archive import DAMAGE, directory, shown_member
from processor.reading.spreadsheet.plain_xml import texts_of
from processor.reading.spreadsheet.shared_texts import SharedTexts
from processor.reading.spreadsheet.xml import XmlParser, damaged, unescaped

_ParserT = TypeVar("_ParserT", bound="XmlParser")
_MOST_PART = 16 << 20  # of what is read as a whole, and says how to read the rest
_DATE_FORMATS = {*range(14, 18), 22, *range(27, 37), *range(50, 59)}
_TIME_FORMATS = {18, 19, 20, 21, 45, 46, 47}
_LITERAL = re.compile(r'"[^"]*"|\\.|\[(?![hms]+\])[^\]]*\]|_.|\*.')


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbook:
    """What is needed to read the cells of one sheet.

    Attributes:
        sheets: names of all sheets, in their order.
        part: the part of the archive that holds the chosen one.
        texts: the shared texts, which cells name by number; read as they are needed.
        dates: by number of a cell's style, whether it shows a date (`date`) or a time of day (`time`).
        epoch_1904: whether days are counted from 1904.
    """

    sheets: tuple[str, ...]
    part: str
    texts: SharedTexts
    dates: dict[int, str]
    epoch_1904: bool


def opened(archive: ZipFile, sheet: str | int | None, *, folder: Path, most_bytes: int) -> Workbook:
    """Read what the sheet needs.

    Args:
        archive: the file; it must stay open as long as cells are read.
        sheet: name or number.
        folder: where shared texts may be put.
        most_bytes: memory for them.

    Raises:
        InputError: there is no such sheet, or the file is damaged or no spreadsheet.
    """
    book = _parse(archive, "xl/workbook.xml", _Book())
    links = _parse(archive, "xl/_rels/workbook.xml.rels", _Links())
    names = tuple(name for name, _ in book.sheets)
    target = links.targets.get(_chosen(book.sheets, sheet))
    if target is None:
        raise damaged()
    part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    styles = _parse(archive, "xl/styles.xml", _Styles()) if "xl/styles.xml" in archive.namelist() else _Styles()
    texts = SharedTexts(_texts(archive), folder=folder, most_bytes=most_bytes)
    return Workbook(sheets=names, part=part, texts=texts, dates=styles.dates(), epoch_1904=book.epoch_1904)


def _texts(archive: ZipFile) -> Iterator[list[str]]:
    if "xl/sharedStrings.xml" not in archive.namelist():
        return
    parser = _Texts()
    with opened_part(archive, "xl/sharedStrings.xml") as part:
        for _ in parser.run(part):
            yield parser.texts
            parser.texts = []


def _chosen(sheets: list[tuple[str, str]], sheet: str | int | None) -> str:
    if not sheets:
        raise damaged()
    if sheet is None:
        return sheets[0][1]
    if isinstance(sheet, int) and 1 <= sheet <= len(sheets):
        return sheets[sheet - 1][1]
    for name, link in sheets:
        if name == sheet:
            return link
    names = ", ".join(shown_member(name) for name, _ in sheets[:10])
    raise InputError(f"The spreadsheet has no such sheet; there are {names}.", advice="Set read_options.sheet.")


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
    def __init__(self) -> None:
        super().__init__()
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship" and attributes.get("Type", "").endswith("/worksheet"):
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _Styles(XmlParser):
    def __init__(self) -> None:
        super().__init__()
        self._own: dict[int, str] = {}
        self._used: list[int] = []
        self._in_cells = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "numFmt":
            self._own[int(attributes.get("numFmtId", "0"))] = attributes.get("formatCode", "")
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._used.append(int(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False

    def dates(self) -> dict[int, str]:
        """Style number → `date` or `time`, for those that show one."""
        kinds = {number: _kind(own, self._own.get(own)) for number, own in enumerate(self._used)}
        return {number: kind for number, kind in kinds.items() if kind}


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


def _kind(number: int, code: str | None) -> str | None:
    if number in _DATE_FORMATS:
        return "date"
    if number in _TIME_FORMATS:
        return "time"
    plain = _LITERAL.sub("", (code or "").split(";")[0]).lower()
    if "general" in plain or not code:
        return None
    if re.search("[yd]|mmm", plain) or (re.search("m", plain) and not re.search("[hs0#?]", plain)):
        return "date"
    return "time" if re.search("[hs]", plain) else None


def _parse(archive: ZipFile, part: str, parser: _ParserT) -> _ParserT:
    with opened_part(archive, part) as file:
        for _ in parser.run(file, most=_MOST_PART):
            pass
    return parser


def package(raw: io.BufferedReader) -> ZipFile:
    """The parts of the file.

    Raises:
        InputError: there is no list of them.
    """
    try:
        return directory(raw)
    except DAMAGE:
        raise damaged() from None


def opened_part(archive: ZipFile, part: str) -> IO[bytes]:
    """One part's bytes.

    Raises:
        InputError: it is missing, or not packed as parts are.
    """
    try:
        return archive.open(part)
    except DAMAGE:
        raise damaged() from None
