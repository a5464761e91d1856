from pathlib import Path

import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read


def opened(path: Path, **options: object) -> Table:
    return read(RecordingRun(path.parent), input_of(path), ReadOptions.model_validate(options), lambda table: table)


def test_rows_are_known_before_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"  # the name lies
    pl.DataFrame({"n": range(25_000)}).write_parquet(path)

    table = opened(path)

    assert (table.format, table.rows, table.head.height) == ("parquet", 25_000, 10_000)


@pytest.mark.parametrize("kept", [4, 11, 500, -1])
def test_a_file_that_was_cut_off_is_said_to_be(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": range(1000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:kept])

    with pytest.raises(InputError, match="not complete"):
        opened(path)


def test_damage_inside_is_an_input_error(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": range(10_000)}).write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:2000] = b"\xff" * 1900
    path.write_bytes(content)

    with pytest.raises(InputError):
        opened(path)


@pytest.mark.parametrize("told", [0, 49, 51])
def test_a_file_that_says_another_number_of_rows_than_its_row_groups_is_refused(tmp_path: Path, told: int) -> None:
    path = tmp_path / "data.parquet"
    pl.DataFrame({"n": range(50)}).write_parquet(path)
    content = path.read_bytes()
    of_the_file = content.index(bytes([0x16, 50 << 1]), len(content) - 8 - int.from_bytes(content[-8:-4], "little"))
    path.write_bytes(content[: of_the_file + 1] + bytes([told << 1]) + content[of_the_file + 2 :])

    with pytest.raises(InputError, match="another number of rows"):
        opened(path)


def test_text_is_not_parquet_though_the_caller_says_so(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    path.write_bytes(b"a,b\n1,2\n")

    with pytest.raises(InputError, match="not Parquet"):
        opened(path, format="parquet")
