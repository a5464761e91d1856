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
        ('[["a", "column_3"], [1, 2], [1, 2, 3]]', {"a": [1, 1], "column_3": [2, 2], "column_3_": [None, 3]}),
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
        ('{"total": 2, "data": [{"a": 1}, {"a": 2}], "x": {"y": [1], "z": "}"}}', "'total', 'x'"),
        (
            '{"b": 2, "data": [{"a": 1}, {"a": 2}], "c": 1, "d\\"}": ["]}{"], "e": {}, "f": [], "g": 1}',
            "'b', 'c', 'd\"}', 'e', 'f' and 1 more",
        ),
    ],
)
def test_a_list_of_objects_within_an_object_is_the_table(tmp_path: Path, text: str, beside: str) -> None:
    frame, warnings = read_text(tmp_path, text)

    assert frame.to_dict(as_series=False) == {"a": [1, 2]}
    left = f"; what the object holds beside it was left out: {beside}." if beside else "."
    advice = " Set read_options.rows_under to an empty text if the object is a row itself."
    assert warnings == [("json_list", f"The rows are those of the list under 'data'{left}{advice}")]


@pytest.mark.parametrize("indent", [None, 2])
def test_the_caller_may_say_where_the_rows_of_an_object_are(tmp_path: Path, indent: int | None) -> None:
    held = {"total": 2, "data": [{"a": 1}], "names": ["x", "y"], "cells": [[1, 2], [3, 4]], "more": {"data": []}}
    text = json.dumps(held, indent=indent)

    def rows_under(name: str) -> list[dict[str, object]]:
        frame, warnings = read_text(tmp_path, text, rows_under=name)
        assert warnings == []
        return frame.to_dicts()

    assert rows_under("data") == [{"a": 1}]
    assert rows_under("names") == [{"value": "x"}, {"value": "y"}]
    assert rows_under("cells") == [{"column_1": 1, "column_2": 2}, {"column_1": 3, "column_2": 4}]
    (row,) = rows_under("")
    assert row["total"] == 2
    assert row["data"] == [{"a": 1}]


@pytest.mark.parametrize("indent", [None, 2])
def test_an_object_with_several_lists_is_one_row_and_told(tmp_path: Path, indent: int | None) -> None:
    row = {"id": 1, "users": [{"a": 1}], "orders": [{"b": 1}, {"b": 2}]}
    text = json.dumps(row, indent=indent)

    frame, warnings = read_text(tmp_path, text)

    assert frame.to_dicts() == [row]
    ((code, message),) = warnings
    assert code == "json_list"
    assert message == (
        "The JSON is one object with lists under 'users', 'orders'; it was read as one row."
        " Set read_options.rows_under to the list that holds the rows."
    )
    assert read_text(tmp_path, text, rows_under="")[1] == []
    assert read_text(tmp_path, text, rows_under="orders")[0].to_dicts() == row["orders"]
    assert read_text(tmp_path, f"{text}\n{text}")[1] == []


@pytest.mark.parametrize("text", ['{"data": [{"a": 1}], "x": 1}', '[{"data": [{"a": 1}]}]'])
@pytest.mark.parametrize("name", ["Data", "x", "a"])
def test_rows_under_a_name_that_is_no_list_are_refused(tmp_path: Path, text: str, name: str) -> None:
    with pytest.raises(InputError, match=f"rows_under is '{name}', but no list of that name"):
        read_text(tmp_path, text, rows_under=name)


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


@pytest.mark.parametrize("between", ["\n", "", "  ", "\n\n", " " * 3_000_000 + "\n"])
@pytest.mark.parametrize("indent", [None, 1])
def test_objects_that_follow_a_large_one_are_rows_beside_it(tmp_path: Path, between: str, indent: int | None) -> None:
    large = {"id": 0, "items": [{"a": number} for number in range(150_000)], "end": "}\n{"}
    rows = [large, *({"id": number, "items": [{"a": 1}], "end": None} for number in range(1, 30))]

    frame, warnings = read_text(tmp_path, between.join(json.dumps(row, indent=indent) for row in rows) + between)

    assert frame.to_dicts() == rows
    assert warnings == []
    with pytest.raises(InputError, match="Another object follows"):
        read_text(tmp_path, between.join(json.dumps(row, indent=indent) for row in rows), rows_under="items")


@pytest.mark.parametrize("end", ["\n", "\0" * 5_000_000, " \n" * 3_000_000])
def test_blanks_behind_a_large_object_are_nothing(tmp_path: Path, end: str) -> None:
    text = json.dumps({"items": [{"a": number} for number in range(100_000)], "text": "x" * 2_000_000, "n": 1})

    frame, warnings = read_text(tmp_path, text + end)

    assert frame["a"].to_list() == list(range(100_000))
    assert "'text', 'n'." in warnings[0][1]


def test_what_is_no_json_behind_a_large_object_is_refused(tmp_path: Path) -> None:
    text = json.dumps({"items": [{"a": number} for number in range(100_000)], "n": 1})

    with pytest.raises(InputError, match="Something follows the end"):
        read_text(tmp_path, f"{text}\nx")


def test_objects_over_several_lines_may_begin_with_one_of_a_line(tmp_path: Path) -> None:
    frame, warnings = read_text(tmp_path, '{}\n{\n "a": 1\n}\n{\n "a": 2\n}\n')

    assert (frame["a"].to_list(), warnings) == ([None, 1, 2], [])


def test_many_columns_stand_in_the_order_of_the_file(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(50, 0, -1)]
    rows = [*([dict.fromkeys(names, 1)] * 3), {"more": 2, **dict.fromkeys(names, 1.5)}]

    frame, _ = read_text(tmp_path, "".join(json.dumps(row) + "\n" for row in rows))

    assert frame.columns == [*names, "more"]
