"""Files that unpack, or hold, more than a child may have: each ends in a sentence, and the processor and its other
children go on."""

import bz2
import gzip
import io
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import asyncpg
import polars as pl
import pytest

from attacks.conftest import bombed
from helpers.database import Database
from helpers.processors import ProcessorFactory
from helpers.repeated_member import add_repeated
from helpers.sheets import sheet

if sys.version_info >= (3, 14):  # the same code under its name in the standard library
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

MEMORY_MB = 256
HEAD = b"n,text\n" + b"1,short\n" * 200_000
BLOCK = 1 << 20


def as_zstd(begin: bytes, block: bytes, count: int) -> bytes:
    """HEAD, which is a good table, and then what is not."""
    out = io.BytesIO()
    with ZstdFile(out, "w") as stream:
        stream.write(HEAD + begin)
        for _ in range(count):
            stream.write(block)
    return out.getvalue()


def as_gzip(begin: bytes, block: bytes, count: int) -> bytes:
    """Members one after the other, which are one file to gzip: so each is packed once."""
    return gzip.compress(HEAD + begin, compresslevel=1) + gzip.compress(block, compresslevel=1) * count


def huge_cell() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"n": [1], "text": ["x" * (320 * BLOCK)]}).write_parquet(out, statistics=False)
    return out.getvalue()


def as_bzip2(begin: bytes, block: bytes, count: int) -> bytes:
    """Streams one after the other, which are one file to bzip2: so each is packed once."""
    return bz2.compress(HEAD + begin) + bz2.compress(block) * count


def as_zip(begin: bytes, block: bytes, count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        add_repeated(archive, "bomb.csv", begin=HEAD + begin, block=block, count=count)
    return out.getvalue()


def as_bzip2_in_zip(begin: bytes, block: bytes, count: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_BZIP2) as archive, archive.open("bomb.csv", "w") as member:
        member.write(HEAD + begin)
        for _ in range(count):
            member.write(block)
    return out.getvalue()


LONG_ROW = b"3," + b"x" * (BLOCK - 3) + b"\n"
BOMBS: dict[str, Callable[[], bytes]] = {
    "a line without end, 30,000 times as large": lambda: as_zstd(b"", b"x" * BLOCK, 600),
    "a quoted field without end": lambda: as_zstd(b'2,"', b"x\n" * (BLOCK // 2), 600),
    "short rows, 10,000 times as large": lambda: as_zstd(b"", b"1,s\n" * (BLOCK // 4), 600),
    "zeros": lambda: as_gzip(b"", b"\0" * BLOCK, 400),
    "a cell of 320 MB in some kilobytes of Parquet": huge_cell,
    "bzip2, a line without end": lambda: as_bzip2(b"", b"x" * (8 * BLOCK), 36),
    "bzip2, long rows, many times as large": lambda: as_bzip2(b"", LONG_ROW * 8, 36),
    "zip, a cell without end": lambda: as_zip(b"2,", b"x" * BLOCK, 300),
    "bzip2 in a zip, long rows": lambda: as_bzip2_in_zip(b"", LONG_ROW, 260),
    "a sheet with a cell of 300 MB": lambda: sheet(rows=(b'<row><c t="inlineStr"><is><t>', b"x" * BLOCK, 300)),
    "a sheet with an attribute of 300 MB": lambda: sheet(rows=(b'<row><c r="', b"A" * BLOCK, 300)),
    "a sheet with a row of 80 million cells": lambda: sheet(rows=(b"<row>", b"<c/>" * (BLOCK // 4), 300)),
    "a sheet with a shared text of 300 MB": lambda: sheet(texts=(b"<si><t>", b"x" * BLOCK, 300)),
    "a sheet with a shared text of 20 million parts": lambda: sheet(
        texts=(b"<si>", b"<r><t>x</t></r>" * (BLOCK // 15), 300)
    ),
    "a sheet under styles without end": lambda: sheet(styles=(b"<numFmts>", b'<numFmt numFmtId="1"/>' * 50_000, 20)),
}
# What says how much it holds, or may grow no further, ends by that; others by what they are or their memory.
CODES = {
    name: "input_unreadable"
    for name in BOMBS
    if "times as large" in name or name in {"a quoted field without end", "a sheet under styles without end"}
}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_ends_in_a_sentence_and_its_neighbour_goes_on(
    database: Database, connection: asyncpg.Connection, tmp_path: Path, bomb: str
) -> None:
    processors = ProcessorFactory(database=database, python=sys.executable, folder=tmp_path)

    error = await bombed(processors, connection, [BOMBS[bomb]()], memory_mb=MEMORY_MB)

    assert error["code"] in {"input_unreadable", "out_of_memory"}
    assert error["advice"]
    assert error["code"] == CODES.get(bomb, error["code"])
    assert not list((tmp_path / "work").rglob("*.csv"))
