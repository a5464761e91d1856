"""What is written says what the table said, or the loss is named."""

import datetime as dt
import json
import math
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from polars.testing import assert_frame_equal, parametric

from common.errors import InputError
from processor.writing import FORMATS, CsvForm, Form, Written, excel, write
from processor.writing.formats import FormatName
from processor.writing.writer import BATCH_ROWS

MANY: dict[str, pl.Series] = {
    "i8": pl.Series([1, None], dtype=pl.Int8),
    "u64": pl.Series([2**64 - 1, None], dtype=pl.UInt64),
    "i128": pl.Series([2**100, None], dtype=pl.Int128),
    "f32": pl.Series([1.5, float("nan")], dtype=pl.Float32),
    "f64": pl.Series([float("inf"), 1e-300]),
    "flag": pl.Series([True, None]),
    "text": pl.Series(['é\n"quoted"', ""]),
    "binary": pl.Series([b"\x00\xff", None]),
    "date": pl.Series([dt.date(1, 1, 1), dt.date(9999, 12, 31)]),
    "moment": pl.Series([dt.datetime(2020, 1, 1, 1, 2, 3, 456789), None]),  # noqa: DTZ001 - a time without a zone
    "nano": pl.Series([1, None], dtype=pl.Datetime("ns")),
    "zoned": pl.Series([0, None], dtype=pl.Datetime("us", "Europe/Berlin")),
    "time": pl.Series([dt.time(1, 2, 3, 4), None]),
    "duration": pl.Series([dt.timedelta(days=1, microseconds=5), None]),
    "decimal": pl.Series([Decimal("1.10"), None], dtype=pl.Decimal(10, 2)),
    "category": pl.Series(["x", None], dtype=pl.Categorical),
    "enum": pl.Series(["x", None], dtype=pl.Enum(["x", "y"])),
    "list": pl.Series([[1, None], None]),
    "struct": pl.Series([{"a": 1, "b": b"z"}, {"a": None, "b": None}]),
    "array": pl.Series([[1.0, 2.0], [3.0, float("nan")]], dtype=pl.Array(pl.Float64, 2)),
    "null": pl.Series([None, None], dtype=pl.Null),
}
ALL_FORMS = [
    pytest.param(made.name, compression, id=f"{made.name}-{compression}")
    for made in FORMATS.values()
    for compression in made.compressions
]
# What Polars makes in a frame of hypothesis: all but what no file format has.
FRAMES = parametric.dataframes(
    max_cols=6, max_size=20, excluded_dtypes=[pl.Object, pl.Unknown], allow_masked_out=False, allow_time_zones=False
)


def written(frame: pl.DataFrame, folder: Path, **form: Any) -> tuple[Path, Written]:
    asked = Form(**{"compression": FORMATS[form["format"]].compressions[0], **form})
    path = folder / asked.filename("table")
    return path, write(frame.lazy(), path, asked, scratch=folder)


def codes(found: Written) -> set[str]:
    return {loss.code for loss in found.losses}


@pytest.mark.parametrize(("name", "compression"), ALL_FORMS)
def test_every_type_can_be_written_in_every_format(name: FormatName, compression: Any, tmp_path: Path) -> None:
    path, found = written(pl.DataFrame(MANY), tmp_path, format=name, compression=compression)

    assert found.rows == 2
    assert path.stat().st_size > 0


@pytest.mark.parametrize(("name", "compression"), ALL_FORMS)
def test_a_table_without_rows_can_be_written(name: FormatName, compression: Any, tmp_path: Path) -> None:
    path, found = written(pl.DataFrame(MANY).clear(), tmp_path, format=name, compression=compression)

    assert found.rows == 0
    assert path.exists()


@pytest.mark.parametrize("name", ["parquet", "arrow"])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=FRAMES)
def test_formats_with_types_lose_nothing(name: FormatName, tmp_path: Path, frame: pl.DataFrame) -> None:
    path, found = written(frame, tmp_path, format=name)
    read = pl.read_parquet(path) if name == "parquet" else pl.read_ipc(path)

    assert found.losses == ()
    assert_frame_equal(read, frame)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=FRAMES)
def test_avro_keeps_the_types_that_it_has_and_names_the_others(tmp_path: Path, frame: pl.DataFrame) -> None:
    path, found = written(frame, tmp_path, format="avro")
    read = pl.read_avro(path)
    said = "".join(loss.message for loss in found.losses)

    assert read.height == frame.height
    for name in frame.columns:
        assert f"{name[:80]!r}" in said or read[name].equals(frame[name], check_dtypes=True, null_equal=True)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(frame=FRAMES)
def test_json_keeps_the_types_that_it_has_and_names_the_others(tmp_path: Path, frame: pl.DataFrame) -> None:
    path, found = written(frame, tmp_path, format="json")
    rows = json.loads(path.read_bytes())
    said = "".join(loss.message for loss in found.losses)

    assert len(rows) == frame.height
    for name in frame.columns:
        assert f"{name[:80]!r}" in said or [row[name] for row in rows] == frame[name].to_list()


def test_csv_says_of_each_type_that_it_is_not_kept(tmp_path: Path) -> None:
    path, found = written(pl.DataFrame(MANY), tmp_path, format="csv")
    said = next(loss.message for loss in found.losses if loss.code == "types_not_kept")
    first = pl.read_csv(path, infer_schema=False).row(0, named=True)

    assert [name for name in MANY if f"{name!r}" not in said] == ["text"]
    assert first["text"] == 'é\n"quoted"'
    assert first["binary"] == "AP8="
    assert first["duration"] == "P1DT0.000005S"
    assert first["u64"] == str(2**64 - 1)
    assert json.loads(first["struct"]) == {"a": 1, "b": "eg=="}


def test_values_that_a_format_has_no_word_for_are_counted(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [float("nan"), float("inf"), 1.0], "deep": [[float("nan")], [1.0], None]})
    _, as_json = written(frame, tmp_path, format="ndjson")
    _, as_csv = written(frame, tmp_path, format="csv")

    assert "2 of 'x', 1 of 'deep' became null" in as_json.losses[-1].message
    assert "1 of 'deep' became null" in as_csv.losses[-1].message
    assert "'x' became" not in as_csv.losses[-1].message


def test_a_missing_value_of_a_single_column_is_a_blank_line_and_that_is_said(tmp_path: Path) -> None:
    _, found = written(pl.DataFrame({"x": ["a", None]}), tmp_path, format="csv")

    assert "blank_lines" in codes(found)


@pytest.mark.parametrize("name", ["json", "avro", "xlsx"])
def test_what_is_written_in_batches_is_whole(name: FormatName, tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": range(3 * BATCH_ROWS + 7)})
    path, found = written(frame, tmp_path, format=name)

    assert found.rows == frame.height
    if name == "json":
        assert [row["n"] for row in json.loads(path.read_bytes())] == frame["n"].to_list()
    elif name == "avro":
        assert_frame_equal(pl.read_avro(path), frame)
    else:
        assert sheet(path).count("<row ") == frame.height + 1


def sheet(path: Path) -> str:
    with zipfile.ZipFile(path) as book:
        return book.read("xl/worksheets/sheet1.xml").decode()


def test_a_workbook_holds_texts_as_texts_and_numbers_as_numbers(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=1+1": ["=1+1", "http://localhost/", "12"], "n": [1, 2**53 + 1, None]})
    path, found = written(frame, tmp_path, format="xlsx")
    cells = sheet(path)

    assert "<f>" not in cells
    assert "hyperlink" not in cells
    assert cells.count('t="inlineStr"') == 6  # two names, three texts, one integer that a float does not hold
    assert "values_as_text" in codes(found)
    assert "1 of 'n'" in found.losses[-1].message


def test_more_than_a_workbook_holds_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert excel.MOST_ROWS == 1_048_575
    monkeypatch.setattr(excel, "MOST_ROWS", 1_000)  # a million rows take long to write
    written(pl.DataFrame({"n": range(1_000)}), tmp_path, format="xlsx")
    with pytest.raises(InputError, match="1,000 rows"):
        written(pl.DataFrame({"n": range(1_001)}), tmp_path, format="xlsx")
    with pytest.raises(InputError, match="16,384 columns"):
        written(pl.DataFrame({f"c{number}": [1] for number in range(16_385)}), tmp_path, format="xlsx")
    with pytest.raises(InputError, match="'long' has more"):
        written(pl.DataFrame({"long": ["x" * 32_768]}), tmp_path, format="xlsx")


FORMULAS = ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1"]
HARMLESS = ["-5", "+49 30 123", "-1.5e-3", "1=1", "", "a@b", "-12 %"]


def test_text_that_a_spreadsheet_would_compute_is_defused_in_names_too(tmp_path: Path) -> None:
    path, found = written(pl.DataFrame({"=name": [*FORMULAS, *HARMLESS[:-1], None]}), tmp_path, format="csv")
    read = pl.read_csv(path, infer_schema=False)

    assert read.columns == ["'=name"]
    assert read.to_series().to_list()[: len(FORMULAS)] == [f"'{text}" for text in FORMULAS]
    assert read.to_series().to_list()[len(FORMULAS) : -1] == [*HARMLESS[:-1]]
    assert "6 of '=name'" in next(loss.message for loss in found.losses if loss.code == "formulas_defused")


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        (pl.Series("v", ["\ufeff=1+1", "\ufeff\ufeff-a"]), ["'\ufeff=1+1", "'\ufeff\ufeff-a"]),
        (pl.Series("v", [b"\xfb\xef\xbe", b"a"]), ["'++++", "YQ=="]),
        (pl.Series("v", [dt.timedelta(seconds=-1), dt.timedelta(seconds=1)]), ["'-PT1S", "PT1S"]),
        (pl.Series("v", ["=a", "b"], dtype=pl.Categorical), ["'=a", "b"]),
        (pl.Series("v", ["=a", "b"], dtype=pl.Enum(["=a", "b"])), ["'=a", "b"]),
    ],
    ids=["behind a byte order mark", "bytes", "durations", "categories", "enumerated"],
)
def test_whatever_becomes_text_is_defused(tmp_path: Path, values: pl.Series, lines: list[str]) -> None:
    path, found = written(values.to_frame(), tmp_path, format="csv", csv=CsvForm(header=False))

    assert path.read_text(encoding="utf-8").splitlines() == lines
    assert "formulas_defused" in codes(found)


def test_formulas_stay_where_they_are_wanted(tmp_path: Path) -> None:
    frame = pl.DataFrame({"=name": FORMULAS})
    path, found = written(frame, tmp_path, format="tsv", escape_formulas=False)

    assert_frame_equal(pl.read_csv(path, separator="\t"), frame)
    assert "formulas_defused" not in codes(found)


def test_csv_is_written_as_it_was_asked_for(tmp_path: Path) -> None:
    form = CsvForm(delimiter=";", header=False, decimal_comma=True, null_value="NA", bom=True)
    path, _ = written(pl.DataFrame({"x": [1.5, None], "y": ["a;b", "c"]}), tmp_path, format="csv", csv=form)

    assert path.read_bytes() == '\ufeff1,5;"a;b"\nNA;c\n'.encode()


def test_names_that_polars_would_take_for_many_columns_are_names(tmp_path: Path) -> None:
    frame = pl.DataFrame({"*": [1], "^a.*$": [2], "abc": [3]})
    path, _ = written(frame, tmp_path, format="parquet")

    assert_frame_equal(pl.read_parquet(path), frame)


def test_values_of_columns_with_such_names_are_looked_at(tmp_path: Path) -> None:
    nested = pl.Series([{"f": math.nan, "x": [1.0]}])
    frame = pl.DataFrame({"^[ab]$": ["=1+x"], "b": [math.inf], "^c$": [math.nan], "^n$": nested})

    assert {"formulas_defused", "not_finite_as_null"} <= codes(written(frame, tmp_path, format="csv")[1])
    losses = {loss.code: loss.message for loss in written(frame, tmp_path, format="ndjson")[1].losses}
    assert all(name in losses["not_finite_as_null"] for name in ("'b'", "'^c$'", "'^n$'"))


def test_values_that_are_the_word_for_a_missing_one_are_counted(tmp_path: Path) -> None:
    frame = pl.DataFrame({"text": ["0", None, "x"], "n": [0, 0, 1], "price": [1.5, 0.5, None]})
    _, found = written(frame, tmp_path, format="csv", csv=CsvForm(null_value="0"))
    _, comma = written(frame, tmp_path, format="csv", csv=CsvForm(null_value="1,5", decimal_comma=True, delimiter=";"))
    _, other = written(frame, tmp_path, format="csv", csv=CsvForm(null_value="NA"))

    assert "2 of 'n', 1 of 'text'." in next(x.message for x in found.losses if x.code == "null_value_is_a_value")
    assert "1 of 'price'." in next(x.message for x in comma.losses if x.code == "null_value_is_a_value")
    assert "null_value_is_a_value" not in codes(other)


def test_a_workbook_keeps_every_digit_of_a_number(tmp_path: Path) -> None:
    values = [0.1 + 0.2, 1.7976931348623157e308, -5e-324, 1.0]
    path, _ = written(pl.DataFrame({"x": values}), tmp_path, format="xlsx")

    assert [float(text.split("</v>")[0]) for text in sheet(path).split("<v>")[1:]] == values


def test_a_name_is_defused_though_another_column_has_the_harmless_one(tmp_path: Path) -> None:
    path, _ = written(pl.DataFrame({"=a": [1], "'=a": [2]}), tmp_path, format="csv")

    assert path.read_text().splitlines() == ["''=a,'=a", "1,2"]


def test_a_year_that_a_workbook_cannot_hold_is_refused(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": pl.Series([2_932_897], dtype=pl.Int32).cast(pl.Date)})

    with pytest.raises(InputError, match="years 1 to 9999"):
        written(frame, tmp_path, format="xlsx")
