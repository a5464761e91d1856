"""Values in JSON that no column holds as they are: what is changed is told, and numbers lose no digit."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of, profile_bytes
from helpers.recording_run import RecordingRun
from processor.raw_json import check_object
from processor.reading import ReadOptions, read
from processor.reading.columns import MOST_DEPTH

MEMORY_OF_CHECKS: Final = """
import resource, sys
from processor.reading.json_text import check_depth, without_halves

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10

cell = sys.argv[1].encode()
text = b'{"a": "' + cell * ((10 << 20) // len(cell)) + b'"}'
before = peak()
check_depth(text)
without_halves(text)
print(peak() - before)
"""


def read_text(folder: Path, content: str | bytes) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    path = folder / "input"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    scratch = folder / f"scratch-{len(list(folder.iterdir()))}"
    scratch.mkdir()
    run = RecordingRun(scratch)
    return read(run, input_of(path), ReadOptions(), lambda table: table.frame.collect()), run.warnings


def nested(depth: int, *, inner: str = "1") -> str:
    """An object whose only column has so many levels of structs."""
    return '{"a":' * (depth + 1) + inner + "}" * (depth + 1)


@pytest.mark.parametrize("form", ["{row}\n{row}\n", "[{row}, {row}]"])
@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 120, 400, 5_000])
def test_what_nests_too_deep_is_refused_before_it_is_parsed(tmp_path: Path, form: str, depth: int) -> None:
    with pytest.raises(InputError, match="nested too deeply for a table: more than 60 levels"):
        read_text(tmp_path, form.replace("{row}", nested(depth)))


def test_brackets_in_texts_do_not_nest(tmp_path: Path) -> None:
    rows = [{"a": "[{" * 100 + '"\\' + "[{" * 100}, {"a": "x"}]

    assert read_text(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))[0].to_dicts() == rows


@pytest.mark.parametrize("cell", ["[x", r"[\n[\"[\\", r"\udead["])
def test_a_long_text_of_brackets_takes_little_more_memory_than_it_is_long(cell: str) -> None:
    told = subprocess.run([sys.executable, "-c", MEMORY_OF_CHECKS, cell], check=True, capture_output=True)

    assert int(told.stdout) < 100 << 20


def test_wide_rows_of_lists_are_not_deep(tmp_path: Path) -> None:
    rows = [{f"c{number}": [number] for number in range(200)}]

    assert read_text(tmp_path, json.dumps(rows))[0].to_dicts() == rows


@pytest.mark.parametrize("content", [nested(MOST_DEPTH), '{"a": ' + "[" * MOST_DEPTH + "1" + "]" * MOST_DEPTH + "}"])
def test_the_profile_of_the_deepest_columns_is_no_deeper_than_its_readers_allow(tmp_path: Path, content: str) -> None:
    profiled = profile_bytes(tmp_path, f"{content}\n{content}\n".encode())

    assert check_object(json.dumps({"envelope": {"data": profiled.outcome.data}}).encode())


def test_parquet_and_arrow_that_nest_too_deep_are_refused(tmp_path: Path) -> None:
    column = pl.Series("a", [1])
    for _ in range(MOST_DEPTH + 1):
        column = column.alias("a").to_frame().to_struct("a")
    for write in (pl.DataFrame.write_parquet, pl.DataFrame.write_ipc, pl.DataFrame.write_ipc_stream):
        out = io.BytesIO()
        write(pl.DataFrame([column]), out)
        with pytest.raises(InputError, match="nested too deeply"):
            read_text(tmp_path, out.getvalue())


def test_half_a_character_is_told_and_stands_as_the_replacement(tmp_path: Path) -> None:
    lines = r'{"a": "hi \ud83d"}' "\n" r'{"a": "\\ud83d"}' "\n" r'{"a": "\ud83d\ude00"}' "\n" r'{"a": "\uDE00x"}' "\n"
    rows = "[" + ",".join(lines.split("\n")[:-1]) + "]"

    for text in (lines, rows):
        frame, warnings = read_text(tmp_path, text)
        assert frame["a"].to_list() == ["hi \ufffd", r"\ud83d", "😀", "\ufffdx"]
        assert warnings == [("encoding", r"Halves of characters (such as \ud83d alone) stand as U+FFFD.")]


def test_bytes_that_are_no_utf_8_are_told(tmp_path: Path) -> None:
    content = b'{"a": "x"}\n' * 200_000 + b'{"a": "\xff"}\n' + b'{"a": "x"}\n' * 200_000

    frame, warnings = read_text(tmp_path, content)

    assert frame["a"].value_counts(sort=True)["a"].to_list() == ["x", "\ufffd"]
    assert [code for code, _ in warnings] == ["encoding"]


@pytest.mark.parametrize("digits", [str(2**200), str(-(2**127) - 1), "1e400", "-1e400", "9" * 5_000])
def test_a_number_that_no_type_holds_keeps_its_digits_as_text(tmp_path: Path, digits: str) -> None:
    for others in ([], ["1"], ["1.5"], ["null", '"x"']):
        values = [*others, digits]
        frame, warnings = read_text(tmp_path, "".join(f'{{"a": {value}, "b": 1}}\n' for value in values))
        assert frame["a"].to_list()[-1] == digits
        assert frame["b"].to_list() == [1] * len(values)
        assert {code for code, _ in warnings} == {"types"}


@pytest.mark.parametrize("apart", [0, 300_000])
def test_whole_numbers_beside_decimals_keep_their_digits(tmp_path: Path, apart: int) -> None:
    whole = [2**60 + number for number in range(1_001)]
    between = '{"n": 1}\n' * apart
    lines = "".join(f'{{"n": {number}}}\n' for number in whole) + between + '{"n": 1.5}\n' + between

    frame, warnings = read_text(tmp_path, lines)

    assert frame["n"].head(1_001).to_list() == [str(number) for number in whole]
    assert frame["n"][1_001 + apart] == "1.5"
    assert warnings == [("types", "Column 'n' holds values of several types; read as text.")]


def test_whole_numbers_that_decimals_hold_stay_numbers(tmp_path: Path) -> None:
    frame, warnings = read_text(tmp_path, f'{{"n": {2**60}}}\n{{"n": 1.5}}\n{{"n": 1e300}}\n')

    assert frame["n"].to_list() == [2.0**60, 1.5, 1e300]
    assert warnings == []


def test_a_key_without_a_name_stays_without_one(tmp_path: Path) -> None:
    frame, _ = read_text(tmp_path, '{"": 1, "b": 2}\n{"": 3, "b": 4}\n')

    assert frame.to_dict(as_series=False) == {"": [1, 3], "b": [2, 4]}


GEOMETRIES: Final[list[dict[str, Any]]] = [
    {"type": "Point", "coordinates": [1.5, 2.5]},
    {"type": "Polygon", "coordinates": [[[1.0, 2.0], [2.0, 3.5]]]},
    {"type": "LineString", "coordinates": [[1.0, 2.5]]},
]


@pytest.mark.parametrize("apart", [0, 30_000])
def test_geometries_of_several_kinds_leave_the_properties_their_types(tmp_path: Path, apart: int) -> None:
    kinds = [geometry for geometry in GEOMETRIES for _ in range(apart + 1)]
    features = [{"geometry": one, "properties": {"n": number, "t": "x"}} for number, one in enumerate(kinds)]

    frame, warnings = read_text(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}))

    geometry = pl.Struct({"type": pl.String, "coordinates": pl.String})
    assert frame.schema == {"geometry": geometry, "properties": pl.Struct({"n": pl.Int64, "t": pl.String})}
    assert [row["geometry"]["type"] for row in frame.iter_rows(named=True)] == [one["type"] for one in kinds]
    assert [json.loads(row["geometry"]["coordinates"]) for row in frame.iter_rows(named=True)] == [
        one["coordinates"] for one in kinds
    ]
    assert "types" in [code for code, _ in warnings]
    assert any("geometry" in message for _, message in warnings)


@pytest.mark.parametrize(
    ("values", "read", "place"),
    [
        ([{"b": 1}, {"b": True}], [{"b": "1"}, {"b": "true"}], "'a.b'"),
        ([{"b": [1]}, {"b": {"c": 1}}], [{"b": "[1]"}, {"b": '{"c": 1}'}], "'a.b'"),
        ([{"b": "x"}, {"b": 1}], [{"b": "x"}, {"b": "1"}], "'a.b'"),
        ([["x"], [1, "2"]], [["x"], ["1", "2"]], "'a[]'"),
        ([[{"b": "x"}, {"b": 1}], []], [[{"b": "x"}, {"b": "1"}], []], "'a[].b'"),
        ([{"b": 2**200, "c": 1}], [{"b": str(2**200), "c": 1}], "'a.b'"),
    ],
)
def test_values_of_several_types_within_others_are_told(
    tmp_path: Path, values: list[object], read: list[object], place: str
) -> None:
    rows = [{"a": value, "other": {"n": 1, "t": "1"}} for value in values]

    frame, warnings = read_text(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))

    assert frame["a"].to_list() == read
    assert frame["other"].to_list() == [{"n": 1, "t": "1"}] * len(rows)
    assert ("types", f"Values of several types at {place} were read as text.") in warnings


def test_texts_that_look_like_numbers_are_no_mix(tmp_path: Path) -> None:
    rows = [{"a": {"b": "1", "c": ["1", "true"]}, "b": [{"c": "[1]"}]}, {"a": None, "b": [None]}]

    frame, warnings = read_text(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))

    assert frame.to_dicts() == rows
    assert warnings == []
