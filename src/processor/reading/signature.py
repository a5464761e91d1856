"""What a file is, from its first bytes: names lie, and what is no table must not become garbage columns.

Words may begin a table of text, too: `ORCID`, `PAR1`. Such a mark counts where bytes follow that are no text.
"""

import json
import re
from enum import StrEnum
from pathlib import Path

from common.errors import InputError
from processor.reading import archive
from processor.reading.packing import Packing

HEAD = 4096
_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00\x00\xfe\xff")
_BLANK = b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"
_OTHERWISE = "Hand in CSV, JSON, Parquet, Arrow, Avro or .xlsx."
_REFUSED = (
    (b"\x89PNG", "is a PNG image", None),
    (b"\xff\xd8\xff", "is a JPEG image", None),
    (b"GIF87a", "is a GIF image", None),
    (b"GIF89a", "is a GIF image", None),
    (b"%PDF-", "is a PDF document", "Save the table as CSV and hand that in."),
    (b"\xfd7zXZ", "is compressed with xz", "Unpack it first, or use gzip or zstd."),
    (b"7z\xbc\xaf", "is a 7z archive", "Unpack it first."),
    (b"Rar!\x1a", "is a RAR archive", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "is an old Office document", "Save the sheet as .xlsx or CSV and hand that in."),
    (b"SQLite format 3\0", "is an SQLite database", "Export the table as CSV."),
    (b"\x7fELF", "is a program", None),
)
_PACKED = (
    (b"\x1f\x8b", Packing.GZIP),
    (b"\x28\xb5\x2f\xfd", Packing.ZSTD),
    (b"PK\x03\x04", Packing.ZIP),
    (b"PK\x05\x06", Packing.ZIP),
)
_BZIP2 = re.compile(rb"BZh[1-9](1AY&SY|\x17rE8P\x90|.?.?.?.?.?$)", re.DOTALL)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"{\\rtf")
_JSON = re.compile(r'\s*(\[\s*(\{\s*["}]|\])|\{\s*["}])')
_LIST_AFTER = re.compile(r"[ \t\r]*(\n\s*(\[|$)|$)")
_NEAR_THE_END = 16
_SOON_BYTES = 64
_MOST_BLANK = 1 << 20


class Format(StrEnum):
    """What can be read, once it is unpacked."""

    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"
    ARROW = "arrow"
    ARROW_STREAM = "arrow_stream"
    AVRO = "avro"
    EXCEL = "excel"


_BINARY = (
    (b"ARROW1\0\0", Format.ARROW),
    (b"\xff\xff\xff\xff", Format.ARROW_STREAM),
    (b"Obj\x01", Format.AVRO),
)


def packing_of(path: Path) -> Packing:
    """Tell what is around the table; a spreadsheet is a zip archive by its nature, and counts as not packed.

    Raises:
        InputError: the file is empty.
    """
    head = _head(path)
    if not head.strip(_BLANK) and not _head(path, _MOST_BLANK).strip(_BLANK):
        raise InputError("The file is empty.", advice="Hand in a file with at least a line of column names.")
    for magic, packing in _PACKED:
        if head.startswith(magic):
            return Packing.NONE if packing is Packing.ZIP and _office(path) else packing
    return Packing.BZIP2 if _BZIP2.match(head) else Packing.NONE


def format_of(head: bytes, path: Path, *, is_text: bool = False) -> Format:
    """Tell what the table is stored as.

    Args:
        head: the first bytes, unpacked if they were packed.
        path: the file itself, to look into where it is a zip archive that is not packing.
        is_text: the caller says so, and is believed where the bytes do not prove otherwise.

    Raises:
        InputError: it is something that holds no table, and the sentence says what.
    """
    for magic, found in _BINARY:
        if head.startswith(magic):
            return found
    if _is_marked(head, b"PAR1") or head == b"PAR1" or (head.startswith(b"PAR1") and _end_of(path) == b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"PK\x03\x04"):
        return _spreadsheet(_office(path))
    refuse(head, is_text=is_text)
    return Format.JSON if is_json(_as_bytes(head).decode("utf-8", errors="replace")) else Format.CSV


def refuse(head: bytes, *, is_text: bool = False) -> None:
    """Refuse what is surely no table in text.

    Raises:
        InputError: it is something else, and the sentence says what.
    """
    for magic, what, advice in _REFUSED:
        if head.startswith(magic):
            raise InputError(f"The file {what}, not a table.", advice=advice or _OTHERWISE)
    if is_text:
        return
    if _is_marked(head, b"ORC"):
        raise InputError("The file is an ORC file, not a table.", advice="Save it as Parquet.")
    if head.lstrip(b" \t\r\n\xef\xbb\xbf")[:64].lower().startswith(_MARKUP):
        raise InputError(
            "The file is a web page or XML, not a table.",
            advice="If it was downloaded, look at it: it may be an error page.",
        )
    if not head.startswith(_TEXT_BOMS) and _is_binary(head[:HEAD]):
        raise InputError("The file is binary data of an unknown kind, not a table.", advice=_OTHERWISE)


def is_json(head: str) -> bool:
    """Whether text begins like JSON that may hold a table: an object, or a list; other text begins with brackets, too.

    A list of anything but objects is one if all of it is, or all that is seen of it, and no text follows.
    """
    if _JSON.match(head):
        return True
    start = head.lstrip("\ufeff \t\r\n")
    if not start.startswith("["):
        return False
    try:
        end = json.JSONDecoder(parse_int=len, parse_float=len).raw_decode(start)[1]
    except RecursionError:
        return True
    except json.JSONDecodeError as error:
        cut = error.pos >= len(start) - _NEAR_THE_END or error.msg.startswith("Unterminated")
        return cut and len(head) >= HEAD // 2
    return _LIST_AFTER.match(start, end) is not None


def _head(path: Path, count: int = HEAD) -> bytes:
    with path.open("rb") as file:
        return file.read(count)


def _end_of(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(4, path.stat().st_size - 4))
        return file.read()


def _office(path: Path) -> str | None:
    """The part that makes a zip archive an Office document, if it is one."""
    try:
        with path.open("rb") as file:
            names = [name.replace("\\", "/") for name in archive.directory(file).namelist()]  # as some programs write
    except archive.DAMAGE:
        return None
    if "[Content_Types].xml" in names:
        return next((name for name in names if name.startswith(("xl/", "word/", "ppt/"))), "")
    return "opendocument" if "META-INF/manifest.xml" in names and "content.xml" in names else None


def _spreadsheet(part: str | None) -> Format:
    if part is not None and part.startswith("xl/"):
        return Format.EXCEL
    what = "is an archive inside of another" if part is None else "is an Office document of another kind"
    raise InputError(f"The file {what}, not a table.", advice="Save the table as .xlsx or CSV and hand that in.")


def _as_bytes(head: bytes) -> bytes:
    # UTF-16 of ASCII without its zeros is ASCII: enough to see braces.
    return head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff").replace(b"\0", b"")


def _is_marked(head: bytes, word: bytes) -> bool:
    """Whether the file begins with the word and goes on with what is no text."""
    after = head[len(word) :][:_SOON_BYTES]
    return head.startswith(word) and any(byte < 32 and byte not in b"\t\n\r" for byte in after)


def _is_binary(head: bytes) -> bool:
    if _looks_like_utf16(head):
        return False
    controls = sum(byte < 32 and byte not in b"\t\n\r\x0b\x0c\x1b" for byte in head)
    return controls > max(3, len(head) // 100)


def _looks_like_utf16(head: bytes) -> bool:
    even, odd = head[0::2], head[1::2]
    if not odd:
        return False
    zeros = (even.count(0) / len(even), odd.count(0) / len(odd))
    return max(zeros) > 0.4 and min(zeros) < 0.05
