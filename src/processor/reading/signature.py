"""What a file is, from its first bytes: names lie, and what is no table must not become garbage columns."""

from enum import StrEnum
from pathlib import Path

from common.errors import InputError

HEAD = 4096
_TEXT_BOMS = (b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"\x00\x00\xfe\xff")
_REFUSED = (
    (b"PK\x03\x04", "is a zip archive (or a spreadsheet)", "Unpack it, or save the sheet as CSV, and hand that in."),
    (b"PK\x05\x06", "is an empty zip archive", "Hand in the table itself."),
    (b"\x89PNG", "is a PNG image", None),
    (b"\xff\xd8\xff", "is a JPEG image", None),
    (b"GIF8", "is a GIF image", None),
    (b"%PDF", "is a PDF document", "Save the table as CSV and hand that in."),
    (b"BZh", "is compressed with bzip2", "Unpack it first, or use gzip or zstd."),
    (b"\xfd7zXZ", "is compressed with xz", "Unpack it first, or use gzip or zstd."),
    (b"7z\xbc\xaf", "is a 7z archive", "Unpack it first."),
    (b"\xd0\xcf\x11\xe0", "is an old Office document", "Save the sheet as CSV and hand that in."),
    (b"ARROW1", "is an Arrow IPC file", "Save it as Parquet or CSV."),
    (b"Obj\x01", "is an Avro file", "Save it as Parquet or CSV."),
    (b"SQLite format 3", "is an SQLite database", "Export the table as CSV."),
    (b"\x7fELF", "is a program", None),
)
_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<svg", b"{\\rtf")


class Signature(StrEnum):
    """What can be read: Parquet, delimited text as it is, or delimited text compressed with gzip or zstd."""

    PARQUET = "parquet"
    TEXT = "text"
    GZIP = "gzip"
    ZSTD = "zstd"


def recognise(path: Path) -> Signature:
    """Tell what the file is.

    Raises:
        InputError: it is empty, or something that holds no table.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head.strip(b" \t\r\n\xef\xbb\xbf\xff\xfe\x00"):
        raise InputError("The file is empty.", advice="Hand in a file with at least a line of column names.")
    if head.startswith(b"PAR1"):
        return Signature.PARQUET
    if head.startswith(b"\x1f\x8b"):
        return Signature.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Signature.ZSTD
    refuse(head)
    return Signature.TEXT


def refuse(head: bytes) -> None:
    """Refuse what is surely no delimited table.

    Args:
        head: the first bytes, unpacked if they were compressed.

    Raises:
        InputError: it is something else, and the sentence says what.
    """
    for magic, what, advice in _REFUSED:
        if head.startswith(magic):
            raise InputError(f"The file {what}, not a table.", advice=advice or "Hand in CSV or Parquet.")
    _refuse_markup(head)
    if not head.startswith(_TEXT_BOMS) and _is_binary(head[:HEAD]):
        raise InputError("The file is binary data of an unknown kind, not a table.", advice="Hand in CSV or Parquet.")


def _refuse_markup(head: bytes) -> None:
    start = head.lstrip(b" \t\r\n\xef\xbb\xbf")[:64].lower()
    if start.startswith(_MARKUP):
        raise InputError(
            "The file is a web page or XML, not a table.",
            advice="If it was downloaded, look at it: it may be an error page.",
        )
    if start.startswith((b'{"', b"{\n", b"[{", b"[\n")):
        raise InputError("The file is JSON, not delimited text.", advice="Hand in CSV or Parquet.")


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
