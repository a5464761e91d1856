"""Files that unpack, or hold, more than a child may have: each ends in a sentence, and the processor and its other
children go on."""

import gzip
import io
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, BinaryIO

import asyncpg
import polars as pl
import pytest

from attacks.conftest import OWN, stored, whole_task
from common.storage import Storage
from helpers.database import Database
from helpers.factories import a_dataset
from helpers.processors import ProcessorFactory, ended, outcomes

if sys.version_info >= (3, 14):  # the same code under its name in the standard library
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

MEMORY_MB = 256
HEAD = b"n,text\n" + b"1,short\n" * 200_000
BLOCK = 1 << 20


def packed(opened: Callable[[BinaryIO], Any], begin: bytes, block: bytes, count: int) -> bytes:
    """HEAD, which is a good table, and then what is not."""
    out = io.BytesIO()
    with closing(opened(out)) as stream:
        stream.write(HEAD + begin)
        for _ in range(count):
            stream.write(block)
    return out.getvalue()


def as_zstd(out: BinaryIO) -> ZstdFile:
    return ZstdFile(out, "w")


def as_gzip(out: BinaryIO) -> gzip.GzipFile:
    return gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1)


def huge_cell() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"n": [1], "text": ["x" * (320 * BLOCK)]}).write_parquet(out, statistics=False)
    return out.getvalue()


BOMBS: dict[str, Callable[[], bytes]] = {
    "a line without end, 30,000 times as large": lambda: packed(as_zstd, b"", b"x" * BLOCK, 600),
    "a quoted field without end": lambda: packed(as_zstd, b'2,"', b"x\n" * (BLOCK // 2), 600),
    "short rows, 10,000 times as large": lambda: packed(as_zstd, b"", b"1,s\n" * (BLOCK // 4), 600),
    "zeros": lambda: packed(as_gzip, b"", b"\0" * BLOCK, 400),
    "a cell of 320 MB in some kilobytes of Parquet": huge_cell,
}
# zstd tells beforehand how much it can hold; of the others some end sooner by what they are, some by their memory.
CODES = {name: "input_unreadable" for name in BOMBS if "times as large" in name or "without end" in name}


@pytest.mark.parametrize("bomb", BOMBS)
async def test_a_bomb_ends_in_a_sentence_and_its_neighbour_goes_on(
    database: Database, connection: asyncpg.Connection, tmp_path: Path, bomb: str
) -> None:
    processors = ProcessorFactory(database=database, python=sys.executable, folder=tmp_path)
    storage = Storage.open(processors.storage)
    content = BOMBS[bomb]()
    for each in (content, OWN):
        await stored(storage, each)
    async with processors.start(slots=2):
        attack = await whole_task(
            connection,
            kind="profile",
            inputs={"data": await a_dataset(connection, content=content)},
            memory_mb=MEMORY_MB,
            timeout_s=60,
            max_attempts=1,
        )
        neighbour = await whole_task(
            connection, kind="profile", inputs={"data": await a_dataset(connection, content=OWN)}
        )
        row = await ended(connection, attack)
        assert (await ended(connection, neighbour))["state"] == "succeeded"

    assert row["state"] == "failed"
    error = await connection.fetchrow(
        "SELECT error ->> 'code' AS code, error ->> 'advice' AS advice FROM task WHERE id = $1", attack
    )
    assert error is not None
    assert error["code"] in {"input_unreadable", "out_of_memory"}
    assert error["advice"]
    assert error["code"] == CODES.get(bomb, error["code"])
    assert set(await outcomes(connection, attack)) <= {"failed", "out_of_memory"}
    assert not list((tmp_path / "work").rglob("*.csv"))
