"""A cell of 1 GB, or of twice what its child has, in every form that may bring one: it ends by what it is or by its
memory, and long before its time is over."""

import gzip
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from attacks.conftest import bombed
from helpers.database import Database
from helpers.processors import ProcessorFactory
from helpers.sheets import sheet

BLOCK = 1 << 20
GIGABYTE = 1_000
MEMORY_MB = 512
TABLE = b"n,text\n" + b"1,short\n" * 1000


def in_gzip(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Members one after the other, which are one file to gzip: so a piece that comes again and again is packed once."""
    packed: dict[bytes, bytes] = {}
    for piece in pieces:
        if piece not in packed:
            packed[piece] = gzip.compress(piece, compresslevel=1)
        yield packed[piece]


def cell(begin: bytes, end: bytes, *, megabytes: int = GIGABYTE) -> Iterator[bytes]:
    block = b"x" * BLOCK
    yield begin
    for _ in range(megabytes):
        yield block
    yield end


# Those that write 1 GB to disk for what one of them shows have the half, in a child of the half.
HALVES = ("CSV, quoted", "CSV, in the first line", "JSON, an object a line")
FORMS: dict[str, Callable[[], Iterator[bytes]]] = {
    "CSV": lambda: cell(TABLE + b"2,", b"\n"),
    "CSV, quoted": lambda: cell(TABLE + b'2,"', b'"\n', megabytes=GIGABYTE // 2),
    "CSV, in the first line": lambda: cell(b"a,b\n1,", b"\n", megabytes=GIGABYTE // 2),
    "CSV in gzip": lambda: in_gzip(cell(TABLE + b"2,", b"\n")),
    "JSON, an object a line": lambda: cell(
        b'{"n": 1, "text": "short"}\n{"n": 2, "text": "', b'"}\n', megabytes=GIGABYTE // 2
    ),
    "JSON, a list in gzip": lambda: in_gzip(cell(b'[{"n": 1, "text": "short"}, {"n": 2, "text": "', b'"}]')),
    "a sheet": lambda: iter([sheet(rows=(b'<row><c t="inlineStr"><is><t>', b"x" * BLOCK, GIGABYTE))]),
}


@pytest.mark.parametrize("form", FORMS)
async def test_a_cell_of_a_gigabyte_ends_its_task_and_nothing_else(
    database: Database, connection: asyncpg.Connection, tmp_path: Path, form: str
) -> None:
    processors = ProcessorFactory(database=database, python=sys.executable, folder=tmp_path)

    error = await bombed(
        processors, connection, FORMS[form](), memory_mb=MEMORY_MB // 2 if form in HALVES else MEMORY_MB
    )

    assert error["code"] in ({"input_unreadable"} if "JSON" in form else {"input_unreadable", "out_of_memory"})
    assert error["advice"]
