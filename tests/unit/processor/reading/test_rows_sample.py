import io
from pathlib import Path

import polars as pl
import pytest

from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import Drawn, ReadOptions, Table, read

ROWS = 300_000


def opened(path: Path, sample_rows: int = 1000) -> Table:
    return read(RecordingRun(path.parent), input_of(path), ReadOptions(), lambda table: table, sample_rows=sample_rows)


def sorted_frame() -> pl.DataFrame:
    return pl.select(n=pl.int_range(ROWS)).with_columns(text=pl.concat_str(pl.lit("row "), pl.col("n")))


def spread(sample: pl.DataFrame) -> float:
    values = sample["n"].to_list()
    return float(values[-1] - values[0]) / ROWS


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_the_sample_comes_from_all_over_a_file_that_is_sorted(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    if suffix == "csv":
        sorted_frame().write_csv(path)
    else:
        sorted_frame().write_parquet(path, row_group_size=50_000)

    table = opened(path)
    sample = table.sample

    assert sample.drawn is Drawn.BLOCKS
    assert (sample.blocks, sample.frame.schema) == (9 if suffix == "csv" else 8, table.frame.collect_schema())
    assert 900 <= sample.rows <= 1010
    assert sample.frame["n"].is_sorted()
    assert sample.frame["n"].is_unique().all()
    assert sample.frame.filter(pl.col("text") != pl.concat_str(pl.lit("row "), pl.col("n"))).is_empty()
    assert spread(sample.frame) > 0.85
    assert spread(table.head) < 0.01


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_small_table_is_its_own_sample(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"data.{suffix}"
    frame = pl.DataFrame({"n": [1, 2, 3]})
    if suffix == "csv":
        frame.write_csv(path)
    else:
        frame.write_parquet(path)

    sample = opened(path).sample

    assert (sample.drawn, sample.rows, sample.blocks) == (Drawn.WHOLE, 3, 1)


def test_rows_with_line_ends_in_them_are_not_begun_in_their_middle(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    text = 'one, two\nthree\nfour "five"\n' * 10
    sorted_frame().head(8000).with_columns(text=pl.lit(text)).write_csv(path)

    sample = opened(path).sample

    assert sample.drawn is Drawn.BLOCKS
    assert sample.frame["text"].unique().to_list() == [text]
    assert sample.frame["n"].null_count() == 0


def test_what_does_not_fit_its_type_is_null_in_the_sample_and_mended_by_the_scan(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    text = io.StringIO()
    text.write("n,text\n")
    text.writelines(f"{number},row\n" for number in range(200_000))
    path.write_text(text.getvalue() + "none,row\n" * 10)

    assert opened(path).sample.frame.width == 2


def test_packed_text_gives_its_first_rows(tmp_path: Path) -> None:
    path = tmp_path / "data.csv.gz"
    sorted_frame().lazy().sink_csv(path, compression="gzip", engine="streaming")

    sample = opened(path).sample

    assert (sample.drawn, sample.rows) == (Drawn.HEAD, 1000)
