"""Whose fault a failure of Polars is: a file that can be read to its end is not damaged."""

from pathlib import Path

import polars as pl
import pytest
from polars.exceptions import ComputeError, PanicException

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read


@pytest.fixture(params=["parquet", "csv"])
def healthy(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / f"data.{request.param}"
    frame = pl.DataFrame({"time": [10**17, 1], "number": [1, 2]})
    frame.write_csv(path) if request.param == "csv" else frame.write_parquet(path)
    return path


def panic(table: Table) -> None:
    table.frame.select(pl.col("time").cast(pl.Datetime("ms")).cast(pl.String)).collect(engine="streaming")


def overflow(_: Table) -> None:
    raise ComputeError("multiplication overflowed")


def test_a_panic_over_what_was_done_is_not_called_a_damaged_file(tmp_path: Path, healthy: Path) -> None:
    with pytest.raises(PanicException):
        read(RecordingRun(tmp_path), input_of(healthy), ReadOptions(), panic)


def test_neither_is_an_error_that_names_no_fault(tmp_path: Path, healthy: Path) -> None:
    with pytest.raises(ComputeError):
        read(RecordingRun(tmp_path), input_of(healthy), ReadOptions(), overflow)


def test_a_file_that_fails_alone_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    frame = pl.DataFrame({"time": range(10**17, 10**17 + 30_000), "text": [f"text {n}" * 9 for n in range(30_000)]})
    frame.write_parquet(path, row_group_size=10_000, statistics=False, compression="uncompressed")
    content = path.read_bytes()
    # Not in the first rows, which are looked at before the work begins.
    start, end = len(content) * 3 // 5, len(content) * 4 // 5
    path.write_bytes(content[:start] + bytes(end - start) + content[end:])

    with pytest.raises(InputError):
        read(RecordingRun(tmp_path), input_of(path), ReadOptions(), panic)
