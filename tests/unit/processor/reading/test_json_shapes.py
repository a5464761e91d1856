"""JSON that is not a list of objects: lists, values, and lists within an object."""

import json
from pathlib import Path

import polars as pl
import pytest

from common.errors import InputError
from helpers.profiling import input_of
from helpers.recording_run import RecordingRun
from processor.reading import ReadOptions, read


def read_text(folder: Path, text: str, **options: object) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    path = folder / "input"
    path.write_text(text, encoding="utf-8")
    scratch = folder / f"scratch-{len(list(folder.iterdir()))}"
    scratch.mkdir()
    run = RecordingRun(scratch)
    frame = read(run, input_of(path), ReadOptions.model_validate(options), lambda table: table.frame.collect())
    return frame, run.warnings


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ('[["a", "b"], [0, "x"], [1, null]]', {"a": [0, 1], "b": ["x", None]}),
        ('["a", "b"]\n[0, "x"]\n[1, null]\n', {"a": [0, 1], "b": ["x", None]}),
        ("[[1, 2], [3, 4]]", {"column_1": [1, 3], "column_2": [2, 4]}),
        ('[["2024-01-01", "x"], ["2024-01-02", "y"]]', None),
        ('[["a"], [1, 2], []]', {"a": [1, None], "column_2": [2, None]}),
        ("[[1, 2]]", {"column_1": [1], "column_2": [2]}),
        ("[\n [1,\n  2],\n [3,\n  4]\n]", {"column_1": [1, 3], "column_2": [2, 4]}),
        ("[1, 2, 3]", {"value": [1, 2, 3]}),
        ('[null, "a", "b"]', {"value": [None, "a", "b"]}),
    ],
)
def test_lists_are_tables(tmp_path: Path, text: str, table: dict[str, list[object]] | None) -> None:
    frame, warnings = read_text(tmp_path, text)

    assert warnings == []
    if table is None:
        assert frame.shape == (2, 2)
    else:
        assert frame.drop([name for name in frame.columns if name == ""]).to_dict(as_series=False) == table


def test_the_caller_may_say_whether_the_first_list_is_the_header(tmp_path: Path) -> None:
    text = '[["1", "2"], [3, 4]]'

    assert read_text(tmp_path, text, header=True)[0].to_dict(as_series=False) == {"1": [3], "2": [4]}
    assert read_text(tmp_path, text, header=False)[0].columns == ["column_1", "column_2"]


def test_lists_longer_than_what_is_looked_at_are_tables_too(tmp_path: Path) -> None:
    rows = [["number", "name"], *([number, f"zoë {number}"] for number in range(150_000))]

    frame, warnings = read_text(tmp_path, json.dumps(rows, ensure_ascii=False))

    assert frame["number"].to_list() == list(range(150_000))
    assert frame["name"].to_list() == [f"zoë {number}" for number in range(150_000)]
    assert warnings == []


def test_a_letter_of_several_bytes_between_two_reads_of_a_list_stays_whole(tmp_path: Path) -> None:
    rows = [{"name": "日本語" * 50 + "x" * (number % 7)} for number in range(12_000)]

    frame, _ = read_text(tmp_path, json.dumps(rows, ensure_ascii=False))

    assert frame["name"].to_list() == [row["name"] for row in rows]


@pytest.mark.parametrize("text", ["42", '"hello"', "null"])
def test_one_value_is_no_table(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="one value, not a table"):
        read_text(tmp_path, text, format="json")


@pytest.mark.parametrize(
    ("text", "beside"),
    [
        ('{"data": [{"a": 1}, {"a": 2}]}', ""),
        ('{\n "data": [\n {"a": 1},\n {"a": 2}\n ]\n}\n', ""),
        ('{"count": 2, "next": null, "data": [{"a": 1}, {"a": 2}], "x": {"y": [1]}}', True),
    ],
)
def test_a_list_of_objects_within_an_object_is_the_table(tmp_path: Path, text: str, beside: object) -> None:
    frame, warnings = read_text(tmp_path, text)

    assert frame.to_dict(as_series=False) == {"a": [1, 2]}
    assert warnings == [
        (
            "json_list",
            "The rows are those of the list under 'data'"
            + ("; what else the object holds was left out." if beside else "."),
        )
    ]


def test_a_large_list_within_an_object_is_read_piece_by_piece(tmp_path: Path) -> None:
    features = [{"type": "Feature", "id": number} for number in range(100_000)]

    frame, warnings = read_text(tmp_path, json.dumps({"type": "FeatureCollection", "features": features}))

    assert frame["id"].to_list() == list(range(100_000))
    assert [code for code, _ in warnings] == ["json_list"]


@pytest.mark.parametrize(
    "text",
    [
        '{"id": 1, "items": [{"a": 1}]}\n{"id": 2, "items": [{"a": 2}]}\n',
        '{"id": 1,\n "items": [{"a": 1}]}\n{"id": 2,\n "items": [{"a": 2}]}\n',
        '[{"id": 1, "items": [{"a": 1}]}, {"id": 2, "items": [{"a": 2}]}]',
    ],
)
def test_objects_that_hold_lists_stay_rows(tmp_path: Path, text: str) -> None:
    frame, warnings = read_text(tmp_path, text)

    assert frame.to_dict(as_series=False) == {"id": [1, 2], "items": [[{"a": 1}], [{"a": 2}]]}
    assert warnings == []


def test_an_object_that_follows_a_large_one_is_not_left_out_without_a_word(tmp_path: Path) -> None:
    large = json.dumps({"items": [{"a": number} for number in range(200_000)]})

    with pytest.raises(InputError, match="Another object follows"):
        read_text(tmp_path, f'{large}\n{{"items": [{{"a": 1}}]}}\n')
