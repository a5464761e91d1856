"""The parts of the package that an .xlsx file is, by their names.

A name is the same in any case (ECMA-376, part 2), and some programs write it with backslashes.
"""

import io
import posixpath
from typing import IO, Self
from urllib.parse import unquote
from zipfile import ZipFile

from processor.reading.archive import DAMAGE, directory
from processor.reading.spreadsheet.xml import damaged

_FOLDER = "xl"


class Parts:
    """The parts of one file, which stays open as long as they are read.

    Args:
        raw: the file.

    Raises:
        InputError: there is no list of them.
    """

    def __init__(self, raw: io.BufferedReader) -> None:
        try:
            self._archive: ZipFile = directory(raw)
        except DAMAGE:
            raise damaged() from None
        self._infos = {_plain(info.filename): info for info in self._archive.infolist()}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def __contains__(self, name: str) -> bool:
        return _plain(name) in self._infos

    def opened(self, name: str) -> IO[bytes]:
        """One part's bytes.

        Raises:
            InputError: it is missing, or not packed as parts are.
        """
        try:
            return self._archive.open(self._infos[_plain(name)])
        except DAMAGE:
            raise damaged() from None

    def bytes(self, name: str) -> int:
        """How many bytes a part has, as the list says."""
        return self._infos[_plain(name)].file_size


def linked(target: str) -> str:
    """The name of the part that a link of the workbook leads to: from the root, or from the workbook's folder."""
    target = target.replace("\\", "/")
    return target if target.startswith("/") else f"{_FOLDER}/{target}"


def _plain(name: str) -> str:
    return posixpath.normpath("/" + unquote(name).replace("\\", "/").lstrip("/")).lower()
