"""Zip archives: one member is the table. Names are shown and compared, and never used as paths."""

import io
import lzma
import struct
import zlib
from typing import IO, Final
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZIP_LZMA, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from common.errors import InputError

_MOST_DIRECTORY = 16 << 20
_TAIL = 70_000
_SHOWN = 10
_METHODS = (ZIP_STORED, ZIP_DEFLATED, ZIP_BZIP2, ZIP_LZMA)
# All that `zipfile` and what unpacks for it raise of an archive that is damaged, cut off, encrypted or unusual.
DAMAGE: Final = (
    BadZipFile, KeyError, OSError, EOFError, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
_BESIDE = ("__MACOSX/", ".DS_Store", "Thumbs.db")


def directory(raw: io.BufferedReader) -> ZipFile:
    """The archive's list of members.

    Raises:
        InputError: the list alone is too large to be one of tables.
        BadZipFile: it is damaged.
    """
    raw.seek(0, io.SEEK_END)
    raw.seek(max(0, raw.tell() - _TAIL))
    if _directory_bytes(raw.read()) > _MOST_DIRECTORY:
        raise InputError("The zip archive has far too many members.", advice="Hand in the table itself.")
    return ZipFile(raw)


def opened(raw: io.BufferedReader, member: str | None) -> IO[bytes]:
    """The bytes of the one member, or of the one that was asked for.

    Raises:
        InputError: there is none, there are several to choose from, or it is encrypted.
        BadZipFile: the archive is damaged.
    """
    archive = directory(raw)
    info = _chosen(tables(archive), member)
    if info.flag_bits & 1:
        raise InputError("The zip archive is encrypted.", advice="Unpack it and hand in the table itself.")
    if info.compress_type not in _METHODS:
        raise InputError("The zip archive is compressed in an unusual way.", advice="Hand in the table itself.")
    return archive.open(info)


def tables(archive: ZipFile) -> list[ZipInfo]:
    """The members that may be tables: not folders, and not what operating systems put beside files."""
    return [
        info
        for info in archive.infolist()
        if not info.is_dir() and not info.filename.startswith(_BESIDE) and not info.filename.endswith(_BESIDE)
    ]


def _chosen(members: list[ZipInfo], member: str | None) -> ZipInfo:
    if not members:
        raise InputError("The zip archive is empty.", advice="Hand in the table itself.")
    if member is None and len(members) == 1:
        return members[0]
    fitting = [info for info in members if info.filename == member]
    if len(fitting) == 1:
        return fitting[0]
    what = "The zip archive holds no such member, or several of that name" if member else "The zip archive holds"
    rest = len(members) - _SHOWN
    names = ", ".join(shown_member(info.filename) for info in members[:_SHOWN]) + (
        f" and {rest:,} more" if rest > 0 else ""
    )
    message = f"{what}; there are {names}." if member else f"{what} {len(members):,} members: {names}."
    raise InputError(message, advice="Choose one by read_options.member, or hand in the table itself.")


def shown_member(name: str) -> str:
    """A member's name in a sentence: quoted, in ASCII, and never long."""
    return ascii(name if len(name) <= 60 else f"{name[:57]}...")


def _directory_bytes(tail: bytes) -> int:
    """Size of the central directory, from the end of the archive (APPNOTE 4.3.14 and 4.3.16)."""
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return 0
    (size,) = struct.unpack_from("<I", tail, at + 12)
    wide = tail.rfind(b"PK\x06\x06", 0, at)
    if size == 0xFFFFFFFF and wide >= 0 and len(tail) >= wide + 48:
        (size,) = struct.unpack_from("<Q", tail, wide + 40)
    return int(size)
