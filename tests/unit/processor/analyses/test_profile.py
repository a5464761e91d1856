import datetime as dt
import json
import math
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from pydantic import ValidationError

from common.errors import InputError, ParamsError
from helpers.profiling import profile_bytes, profile_file
from processor.analyses.profile import KIND
from processor.analyses.profile.hashes import LIMIT


def parquet(folder: Path, frame: pl.DataFrame) -> Path:
    path = folder / "data.parquet"
    frame.write_parquet(path)
    return path


def test_numbers_are_described(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"n,x\n-1,a\n0,a\n0,a\n5,a\n,a\n").columns["n"]

    assert found == {
        "name": "n",
        "dtype": "Int64",
        "type": "number",
        "count": 4,
        "nulls": 1,
        "distinct": {"value": 3, "exact": True},
        "unique": {"value": False, "exact": True},
        "top": [
            {"value": 0, "count": 2, "exact": True},
            {"value": -1, "count": 1, "exact": True},
            {"value": 5, "count": 1, "exact": True},
        ],
        "rare": [
            {"value": -1, "count": 1, "exact": True},
            {"value": 5, "count": 1, "exact": True},
            {"value": 0, "count": 2, "exact": True},
        ],
        "order": "increasing",
        "min": -1,
        "max": 5,
        "mean": 1.0,
        "sum": 4.0,
        "std": pytest.approx(math.sqrt(22 / 3)),
        "skewness": pytest.approx(1.812802, rel=1e-6),
        "kurtosis": pytest.approx(3.483471, rel=1e-6),
        "zeros": 2,
        "negatives": 1,
        "quantiles": {"exact": True, "values": {"0.05": -1, "0.25": -1, "0.5": 0, "0.75": 0, "0.95": 5}},
        "histogram": {"edges": [-1, 0, 1, 2, 3, 4, 5, 6], "counts": [1, 2, 0, 0, 0, 0, 1]},
    }


def test_text_is_described(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, "w,n\nzoë,1\nan,1\nzoë,1\n,1\n".encode()).columns["w"]

    assert found == {
        "name": "w",
        "dtype": "String",
        "type": "text",
        "count": 3,
        "nulls": 1,
        "distinct": {"value": 2, "exact": True},
        "unique": {"value": False, "exact": True},
        "top": [{"value": "zoë", "count": 2, "exact": True}, {"value": "an", "count": 1, "exact": True}],
        "rare": [{"value": "an", "count": 1, "exact": True}, {"value": "zoë", "count": 2, "exact": True}],
        "order": "none",
        "min": "an",
        "max": "zoë",
        "length": {"min": 2, "max": 3, "mean": pytest.approx(8 / 3)},
        "empty": 0,
        "blank": 0,
        "padded": 0,
        "patterns": {
            "exact": True,
            "distinct": 2,
            "values": [
                {"pattern": "aaa", "count": 2, "share": pytest.approx(2 / 3)},
                {"pattern": "aa", "count": 1, "share": pytest.approx(1 / 3)},
            ],
        },
    }


def test_booleans_are_described(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"b,n\ntrue,1\nfalse,1\ntrue,1\n").columns["b"]

    assert (found["type"], found["distinct"]["value"]) == ("boolean", 2)
    assert [(item["value"], item["count"]) for item in found["top"]] == [(True, 2), (False, 1)]


def test_times_are_described_in_iso_8601(tmp_path: Path) -> None:
    moments = [dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC), dt.datetime(2020, 1, 3, 12, tzinfo=dt.UTC)]
    days = [dt.date(2020, 1, 1), dt.date(2020, 1, 3)]
    frame = pl.DataFrame({"moment": moments, "day": days, "clock": [dt.time(8), dt.time(9, 30)]})

    columns = profile_file(parquet(tmp_path, frame)).columns

    assert {column["type"] for column in columns.values()} == {"time"}
    assert columns["day"]["min"] == "2020-01-01"
    assert columns["day"]["mean"] == "2020-01-02"
    assert columns["day"]["histogram"] == {
        "edges": ["2020-01-01", "2020-01-02", "2020-01-03", "2020-01-04"],
        "counts": [1, 0, 1],
    }
    assert columns["clock"]["max"] == "09:30:00"
    assert columns["moment"]["quantiles"]["values"]["0.5"] == "2020-01-01T12:00:00.000000+00:00"


def test_nan_and_infinities_are_counted_and_left_out_of_all_else(tmp_path: Path) -> None:
    frame = pl.DataFrame({"x": [1.0, 3.0, math.nan, math.inf, -math.inf, None, math.nan]})

    found = profile_file(parquet(tmp_path, frame)).columns["x"]

    assert (found["nan"], found["infinite"], found["nulls"], found["count"]) == (2, 2, 1, 6)
    assert (found["min"], found["max"], found["mean"]) == (1.0, 3.0, 2.0)
    assert sum(found["histogram"]["counts"]) == 2
    assert [item["value"] for item in found["top"]] == [1.0, 3.0]
    assert found["distinct"]["value"] == 5


def test_a_column_of_nan_alone_has_no_spread(tmp_path: Path) -> None:
    found = profile_file(parquet(tmp_path, pl.DataFrame({"x": [math.nan, math.nan]}))).columns["x"]

    assert (found["nan"], found["min"], found["mean"], found["std"]) == (2, None, None, None)
    assert "histogram" not in found


def test_what_javascript_would_lose_travels_as_text(tmp_path: Path) -> None:
    exact, inexact = Decimal("1.50"), Decimal("12345678901234567.89")
    frame = pl.DataFrame(
        {"big": [2**53 + 1, 2**53], "huge": [2**100, 1], "money": [exact, inexact]},
        schema={"big": pl.Int64, "huge": pl.Int128, "money": pl.Decimal(20, 2)},
    )

    columns = profile_file(parquet(tmp_path, frame)).columns

    assert (columns["big"]["min"], columns["big"]["max"]) == (2**53, str(2**53 + 1))
    assert (columns["huge"]["min"], columns["huge"]["max"]) == (1, str(2**100))
    assert (columns["money"]["min"], columns["money"]["max"]) == (1.5, "12345678901234567.89")


def test_long_texts_are_cut_in_the_result_but_not_in_the_count(tmp_path: Path) -> None:
    found = profile_file(parquet(tmp_path, pl.DataFrame({"t": ["x" * 5000, "x" * 5001]}))).columns["t"]

    assert found["distinct"]["value"] == 2
    assert found["length"]["max"] == 5001
    assert len(found["max"]) == 200
    assert found["max"].endswith("…")


def test_every_type_is_profiled(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "list": [[1, 2], None, []],
            "struct": [{"a": 1, "b": "x"}, {"a": None, "b": "y"}, None],
            "binary": [b"\x00\xff", None, b"\x00\xff"],
            "duration": [dt.timedelta(seconds=1), None, dt.timedelta(seconds=-3)],
            "category": pl.Series(["a", "b", "a"], dtype=pl.Categorical),
            "choice": pl.Series(["a", "b", "b"], dtype=pl.Enum(["a", "b"])),
            "array": pl.Series([[1, 2], None, [1, 2]], dtype=pl.Array(pl.Int8, 2)),
            "nothing": [None, None, None],
        }
    )

    columns = profile_file(parquet(tmp_path, frame)).columns

    types = ["list", "struct", "binary", "duration", "category", "category", "list", "empty"]
    assert [column["type"] for column in columns.values()] == types
    assert [column["nulls"] for column in columns.values()] == [1, 1, 1, 1, 0, 0, 1, 3]
    assert columns["list"]["length"] == {"min": 0, "max": 2, "mean": 1.0}
    assert (columns["list"]["items"]["count"], columns["list"]["items"]["sum"]) == (2, 3.0)
    assert [field["name"] for field in columns["struct"]["fields"]] == ["a", "b"]
    assert columns["struct"]["fields"][0]["nulls"] == 1
    assert columns["struct"]["top"][0] == {"value": '{"a":1,"b":"x"}', "count": 1, "exact": True}
    assert columns["binary"]["top"] == [{"value": "00ff", "count": 2, "exact": True}]
    assert columns["binary"]["length"] == {"min": 2, "max": 2, "mean": 2.0}
    assert (columns["duration"]["min"], columns["duration"]["mean"]) == ("-PT3S", "-PT1S")
    assert (columns["duration"]["std"], columns["duration"]["negatives"]) == ("PT2.828427S", 1)
    assert columns["choice"]["top"][0]["value"] == "b"
    assert columns["array"]["distinct"]["value"] == 1
    assert columns["array"]["items"]["mean"] == 1.5


def test_a_map_is_a_list_of_its_entries(tmp_path: Path) -> None:
    entries = pl.Series("map", [[{"key": "a", "value": 1}, {"key": "b", "value": 2}], [{"key": "a", "value": 1}], None])
    path = tmp_path / "maps.parquet"
    pl.DataFrame([entries.cast(pl.Map(pl.String, pl.Int64)), entries.alias("lists")]).write_parquet(path)

    found = profile_file(path).columns["map"]

    assert (found["type"], found["count"], found["nulls"]) == ("list", 2, 1)
    assert found["length"] == {"min": 1, "max": 2, "mean": 1.5}
    assert {item["value"] for item in found["top"]} == {'{"a":1,"b":2}', '{"a":1}'}
    key, value = found["items"]["fields"]
    assert (key["name"], key["top"][0]["value"], key["top"][0]["count"]) == ("key", "a", 2)
    assert (value["name"], value["sum"], value["max"]) == ("value", 4, 2)


def test_what_json_cannot_hold_is_counted_by_hashes(tmp_path: Path) -> None:
    frame = pl.DataFrame({"vector": [[math.nan, 1.0], [None, 1.0], [math.nan, 1.0]], "raw": [[b"\xff"], [b""], None]})

    columns = profile_file(parquet(tmp_path, frame)).columns

    assert [column["distinct"]["value"] for column in columns.values()] == [2, 2]
    assert all("top" not in column for column in columns.values())


def test_long_binaries_are_told_apart(tmp_path: Path) -> None:
    frame = pl.DataFrame({"b": [b"x" * 5000, b"x" * 5001, b"x" * 5001]})

    found = profile_file(parquet(tmp_path, frame)).columns["b"]

    assert found["distinct"]["value"] == 2
    assert len(found["top"][0]["value"]) < 200


def test_columns_are_taken_by_name_however_odd(tmp_path: Path) -> None:
    frame = pl.DataFrame({"*": [1, 2], "^.*$": ["a", "b"], "": [1.5, None], "<b>'\"": [True, False]})

    columns = profile_file(parquet(tmp_path, frame)).columns

    assert list(columns) == ["*", "^.*$", "", "<b>'\""]


def test_only_the_columns_asked_for_are_profiled_in_that_order(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"a,b,c\n1,2,3\n", columns=("c", "a"))

    assert list(found.columns) == ["c", "a"]


def test_an_unknown_column_is_a_wrong_parameter_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(ParamsError) as caught:
        profile_bytes(tmp_path, b"a,b\n1,2\n", columns=("a", "B"))

    assert caught.value.pointer == "/params/columns/1"


def test_params_bound_the_result(tmp_path: Path) -> None:
    content = b"n\n" + b"".join(b"%d\n" % (number % 1000) for number in range(5000))

    found = profile_bytes(tmp_path, content, top_k=3, quantiles=(0, 0.5, 1), histogram_bins=7).columns["n"]

    assert len(found["top"]) == 3
    assert found["quantiles"]["values"] == {"0.0": 0, "0.5": 499, "1.0": 999}
    assert len(found["histogram"]["counts"]) <= 7


@pytest.mark.parametrize(
    "params", [{"top_k": 0}, {"quantiles": [1.5]}, {"histogram_bins": 201}, {"no_such": 1}, {"read_options": {"x": 1}}]
)
def test_params_outside_their_bounds_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KIND.params.model_validate(params)


def test_every_parameter_explains_itself_in_the_schema() -> None:
    schema = KIND.params.model_json_schema()
    models = [schema, *schema["$defs"].values()]

    assert all("description" in field for model in models for field in model["properties"].values())
    assert KIND.params.model_validate(KIND.example).top_k == KIND.example["top_k"]


def test_the_first_partial_comes_before_the_scan_in_the_shape_of_the_result(tmp_path: Path) -> None:
    content = b"n,w\n" + b"".join(b"%d,%d\n" % (number % 100, number) for number in range(50_000))

    found = profile_bytes(tmp_path, content)

    (partial, estimate), (last, still_estimate) = found.run.partials
    assert (estimate, still_estimate) == (True, False)
    assert json.loads(json.dumps(last["columns"]))[0].keys() <= found.columns["n"].keys()
    assert partial["sample_rows"] == 10_000
    assert partial["rows"] == pytest.approx(50_000, rel=0.1)
    first = {column["name"]: column for column in partial["columns"]}  # type: ignore[attr-defined]  # a list
    assert first["n"].keys() == found.columns["n"].keys() - {"sum", "rare"}
    assert not first["n"]["distinct"]["exact"]
    assert sum(first["n"]["histogram"]["counts"]) == pytest.approx(partial["rows"], rel=0.01)
    assert found.run.phases == ["sample", "sample", "scan", "result", "meanings", "correlations"]


def test_columns_of_a_wide_table_arrive_some_at_a_time(tmp_path: Path) -> None:
    names = [f"c{number}" for number in range(100)]
    content = ",".join(names).encode() + b"\n" + b"".join(b"%d,x" % row + b",7" * 98 + b"\n" for row in range(20_000))

    found = profile_bytes(tmp_path, content, correlations=False)

    estimates = [partial for partial, estimate in found.run.partials if estimate]
    exact = [partial for partial, estimate in found.run.partials if not estimate]
    for partials in (estimates[:4], exact):
        assert [partial["place"] for partial in partials] == [{"from": start, "of": 100} for start in (0, 32, 64, 96)]
        assert [column["name"] for partial in partials for column in partial["columns"]] == names  # type: ignore[attr-defined]  # a list
    whole = {column["name"]: column for partial in exact for column in partial["columns"]}  # type: ignore[attr-defined]  # a list
    assert json.loads(json.dumps(whole["c0"])).items() <= found.columns["c0"].items()


def test_the_sample_of_a_wide_table_has_fewer_rows(tmp_path: Path) -> None:
    frame = pl.DataFrame({f"c{number}": range(10_000) for number in range(200)})

    found = profile_file(parquet(tmp_path, frame), correlations=False, duplicates=False, running=False)

    first, _ = found.run.partials[0]
    assert first["sample_rows"] == 5_000
    assert first["rows"] == 10_000


def test_progress_ends_with_all_rows_and_all_bytes(tmp_path: Path) -> None:
    content = b"n,w\n" + b"".join(b"%d,%d\n" % (number % 100, number) for number in range(200_000))

    told = profile_bytes(tmp_path, content).run.progressed

    rows = [step["rows"] or 0 for step in told]
    assert len(told) > 2
    assert rows == sorted(rows)
    assert all((step["rows"] or 0) <= (step["rows_total"] or 0) for step in told)
    assert told[-1] == {"rows": 200_000, "rows_total": 200_000, "bytes_read": len(content), "fraction": None}


def test_the_column_table_is_kept_as_parquet(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"n,w\n1,a\n2.5,b\n")

    path, media_type = found.run.artifacts["columns.parquet"]
    table = pl.read_parquet(path)
    assert media_type == "application/vnd.apache.parquet"
    assert table.select("name", "type", "max").rows() == [("n", "number", "2.5"), ("w", "text", "b")]


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"a,b\n")

    assert found.rows == 0
    assert {name: column["count"] for name, column in found.columns.items()} == {"a": 0, "b": 0}
    assert found.run.codes == {"no_rows"}


def test_blank_lines_are_no_rows(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"a,b\n1,2\n\n3,4\n\n\n")

    assert found.rows == 2
    assert found.columns["a"]["nulls"] == 0
    assert found.run.codes == {"blank_rows"}


def test_in_a_table_of_one_column_a_blank_line_is_a_null(tmp_path: Path) -> None:
    assert profile_bytes(tmp_path, b"a\n1\n\n3\n").columns["a"]["nulls"] == 1


def test_lines_that_break_off_are_counted(tmp_path: Path) -> None:
    found = profile_bytes(tmp_path, b"a,b,c\n" + b"1,2,3\n" * 1000 + b"4,5\n" * 500)

    assert found.rows == 1500
    assert ("short_rows", 1) in [(code, message.count("500 lines")) for code, message in found.run.warnings]


def test_a_type_that_changes_after_the_sample_gives_a_warning_and_a_whole_result(tmp_path: Path) -> None:
    content = b"n,w\n" + b"1,aaaa\n" * 170_000 + b"none,b\n" + b"2,aaaa\n" * 300_000

    found = profile_bytes(tmp_path, content)

    assert found.rows == 470_001
    assert found.columns["n"]["type"] == "text"
    assert found.run.codes == {"types"}


def test_many_values_are_estimated_and_labelled(tmp_path: Path) -> None:
    count = 3 * LIMIT
    frame = pl.DataFrame({"n": range(count), "w": [f"key {number}" for number in range(count)]})

    columns = profile_file(parquet(tmp_path, frame)).columns

    assert columns["n"]["distinct"] == {"value": count, "exact": True}
    assert not columns["w"]["distinct"]["exact"]
    for column in (columns["w"],):
        assert column["distinct"]["value"] == pytest.approx(count, rel=column["distinct"]["error"])
    quantiles = columns["n"]["quantiles"]
    assert quantiles["exact"] is False
    assert quantiles["values"]["0.5"] == pytest.approx(count / 2, abs=count * quantiles["error"])
    assert sum(columns["n"]["histogram"]["counts"]) == count
    assert columns["n"]["top"] == []
    assert columns["n"]["order"] == "strictly increasing"


def test_an_image_named_csv_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="PNG"):
        profile_bytes(tmp_path, b"\x89PNG\r\n\x1a\n" + bytes(100))
