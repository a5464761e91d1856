"""A file in which some bytes are wrong is read, or refused in a sentence: it never ends in an error of a library."""

import bz2
import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from random import Random

import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read
from processor.reading.flaws import Flaws
from processor.reading.spreadsheet.source import ExcelSource

TEXT = "n,word\n" + "".join(f"{n},word {n * 7919 % 1000}\n" for n in range(3000))


def archived(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("table.csv", TEXT)
    return out.getvalue()


def spreadsheet() -> bytes:
    out = io.BytesIO()
    pl.DataFrame({"word": [f"word {n}" for n in range(2000)]}).write_excel(out)
    return out.getvalue()


PACKED: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: gzip.compress(TEXT.encode()),
    "bzip2": lambda: bz2.compress(TEXT.encode()),
    "zip": lambda: archived(zipfile.ZIP_DEFLATED),
    "zip by LZMA": lambda: archived(zipfile.ZIP_LZMA),
    "zip by bzip2": lambda: archived(zipfile.ZIP_BZIP2),
    "spreadsheet": spreadsheet,
}


def work(table: Table) -> int:
    return table.frame.collect().height


@pytest.mark.parametrize("form", PACKED)
def test_wrong_bytes_anywhere_end_in_a_sentence(tmp_path: Path, form: str) -> None:
    whole, chance, path = PACKED[form](), Random(1), tmp_path / "input"  # the same in each run
    refused = 0
    for number in range(40):
        wrong = bytearray(whole)
        for _ in range(chance.choice([1, 1, 3, 20])):
            wrong[chance.randrange(len(wrong))] ^= chance.randrange(1, 256)
        path.write_bytes(wrong)
        (scratch := tmp_path / f"scratch-{number}").mkdir()
        try:
            read(RecordingRun(scratch), input_of(path), ReadOptions(), work)
        except InputError:
            refused += 1
    assert refused >= 20


def test_shared_texts_that_find_no_room_are_not_called_a_damaged_spreadsheet(tmp_path: Path) -> None:
    (path := tmp_path / "input").write_bytes(spreadsheet())
    source = ExcelSource(path, ReadOptions(), folder=tmp_path / "gone", most_bytes=0)

    with pytest.raises(FileNotFoundError, match="gone"):
        list(source.pieces(Flaws()))
