"""What the caller says about values holds for every format, or is refused in a sentence."""

import io
import json
from collections.abc import Callable
from datetime import date, datetime, time
from pathlib import Path

import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, Table, read

FRAME = pl.DataFrame(
    {
        "whole": [1.0, 2.0, None],
        "number": ["1", "-", "3"],
        "day": ["2026-11-22", None, "2026-01-01"],
        "moment": ["2026-11-22T10:00:00", "2026-11-22 10:00:00.5", "2026-11-22"],
        "clock": ["10:00:00", "-", "23:59:59.25"],
        "flag": ["true", "FALSE", "-"],
        "code": [1, 2, 3],
    }
)
WRITERS: dict[str, Callable[[pl.DataFrame, Path], object]] = {
    "parquet": pl.DataFrame.write_parquet,
    "arrow": pl.DataFrame.write_ipc,
    "arrow stream": pl.DataFrame.write_ipc_stream,
    "avro": pl.DataFrame.write_avro,
    "ndjson": pl.DataFrame.write_ndjson,
    "excel": lambda frame, path: frame.write_excel(path),
}
DTYPES = {
    "whole": "integer",
    "number": "integer",
    "day": "date",
    "moment": "datetime",
    "clock": "time",
    "flag": "boolean",
    "code": "text",
}


def read_file(path: Path, **options: object) -> tuple[pl.DataFrame, RecordingRun]:
    scratch = path.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    run = RecordingRun(scratch)

    def work(table: Table) -> pl.DataFrame:
        assert table.sample.frame.schema == table.head.schema
        frame = table.frame.collect(engine="streaming")
        assert frame.schema == table.head.schema
        assert table.rows in {None, frame.height}
        return frame

    return read(run, input_of(path), ReadOptions.model_validate(options), work), run


def written(folder: Path, form: str, frame: pl.DataFrame = FRAME) -> Path:
    path = folder / "input"
    if form == "excel":
        out = io.BytesIO()
        frame.write_excel(out)
        path.write_bytes(out.getvalue())
    else:
        WRITERS[form](frame, path)
    return path


@pytest.mark.parametrize("form", WRITERS)
def test_types_and_missing_values_are_as_the_caller_said(tmp_path: Path, form: str) -> None:
    frame, _ = read_file(written(tmp_path, form), null_values=["-"], dtypes=DTYPES)

    assert frame.to_dict(as_series=False) == {
        "whole": [1, 2, None],
        "number": [1, None, 3],
        "day": [date(2026, 11, 22), None, date(2026, 1, 1)],
        "moment": [datetime(2026, 11, 22, 10), datetime(2026, 11, 22, 10, 0, 0, 500_000), datetime(2026, 11, 22)],  # noqa: DTZ001  # read without a zone
        "clock": [time(10), None, time(23, 59, 59, 250_000)],
        "flag": [True, False, None],
        "code": ["1", "2", "3"],
    }


@pytest.mark.parametrize("form", WRITERS)
@pytest.mark.parametrize(
    ("column", "values", "dtype", "misfits"),
    [
        ("a", ["1", "x", "y", None], "integer", 2),
        ("a", [1.0, 1.5, 2.0, None], "integer", 1),
        ("a", ["2026-11-22", "11/22/2026", "", None], "date", 2),
    ],
)
def test_values_that_do_not_fit_are_counted(  # a table of cases
    tmp_path: Path, form: str, column: str, values: list[object], dtype: str, misfits: int
) -> None:
    path = written(tmp_path, form, pl.DataFrame({column: values, "b": [1, 2, 3, 4]}))
    if form == "excel":
        misfits -= "" in values  # an empty text is an empty cell

    with pytest.raises(InputError, match=rf"Column 'a' holds {misfits} values that do not fit .*read_options\.dtypes"):
        read_file(path, dtypes={column: dtype})


@pytest.mark.parametrize("form", ["parquet", "ndjson"])
def test_wishes_that_no_file_can_fulfil_are_refused(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form, pl.DataFrame({"a": [[1], [2]]}))

    with pytest.raises(InputError, match="is of the type List"):
        read_file(path, dtypes={"a": "integer"})
    with pytest.raises(InputError, match="names the column 'b', which the table does not have"):
        read_file(path, dtypes={"b": "integer"})


@pytest.mark.parametrize("form", ["arrow stream", "ndjson", "avro", "parquet"])
def test_a_name_that_cannot_be_shown_is_told(tmp_path: Path, form: str) -> None:
    name = "a" * 300 if form == "avro" else "a\x1b[2J"

    _, run = read_file(written(tmp_path, form, pl.DataFrame({name: [1, 2]})))

    assert [code for code, _ in run.warnings] == ["column_names"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"a": 1}, {"a": "x"}],
        [{"a": "x"}, {"a": True}],
        [{"a": "x"}, {"a": {"b": 1}}],
    ],
)
def test_numbers_beside_text_are_told(tmp_path: Path, rows: list[object]) -> None:
    path = tmp_path / "input"
    path.write_text("\n".join(map(json.dumps, rows)))

    frame, run = read_file(path)

    assert frame.schema == {"a": pl.String}
    assert run.warnings == [("types", "Column 'a' holds values of several types; read as text.")]


@pytest.mark.parametrize(
    "rows", [[{"a": "1"}, {"a": "x"}], [{"a": "1", "b": {"a": 1}}, {"a": '"a": 1', "b": {"a": 2}}]]
)
def test_text_that_only_looks_like_numbers_is_not(tmp_path: Path, rows: list[object]) -> None:
    path = tmp_path / "input"
    path.write_text("\n".join(map(json.dumps, rows)))

    assert read_file(path)[1].warnings == []
