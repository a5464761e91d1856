"""One table in the forms that people hand in."""

import gzip
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import polars as pl

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

SHEET_ROWS: Final = 1_048_575
_PIECE: Final = 1 << 20


def _gzip(source: Path, target: Path) -> None:
    with source.open("rb") as plain, gzip.open(target, "wb", compresslevel=1) as packed:
        shutil.copyfileobj(plain, packed, _PIECE)


def _zstd(source: Path, target: Path) -> None:
    with source.open("rb") as plain, ZstdFile(target, "w") as packed:
        shutil.copyfileobj(plain, packed, _PIECE)


def _ndjson(source: Path, target: Path) -> None:
    pl.scan_csv(source).sink_ndjson(target)


def _excel(source: Path, target: Path) -> None:
    pl.read_csv(source, n_rows=SHEET_ROWS).write_excel(target)


# By the end of a file's name: how a CSV becomes it. A sheet has no more rows than Excel knows.
FORMS: Final[Mapping[str, Callable[[Path, Path], object]]] = {
    "csv": Path.replace,
    "csv.gz": _gzip,
    "csv.zst": _zstd,
    "ndjson": _ndjson,
    "xlsx": _excel,
}


def in_form(source: Path, form: str) -> Path:
    """A CSV in another form, in its place."""
    target = source.with_name(f"{source.stem}-packed.{form}")
    FORMS[form](source, target)
    source.unlink(missing_ok=True)
    return target
