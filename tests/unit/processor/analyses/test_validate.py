import datetime as dt
import math
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from common.errors import InputError
from helpers.checking import validate
from processor.analyses.validate import KIND

PEOPLE = pl.DataFrame(
    {
        "id": [1, 2, 2, None, 5],
        "name": ["an", "bo", "X1", "an", None],
        "score": [1.5, math.nan, -2.0, None, 3.0],
        "text": ["1", "2", "z", "4", None],
        "day": [dt.date(2026, 1, day) for day in (1, 2, 3, 4, 5)],
    }
)


def outcome(
    folder: Path, rule: Mapping[str, object], data: pl.DataFrame | bytes = PEOPLE, **more: Any
) -> dict[str, Any]:
    return validate(folder, data, rule, **more).rules[0]


@pytest.mark.parametrize(
    ("rule", "checked", "failing_rows"),
    [
        ({"rule": "not_null", "column": "id"}, 5, [4]),
        ({"rule": "not_null", "column": "day"}, 5, []),
        ({"rule": "unique", "columns": ["id"]}, 4, [2, 3]),
        ({"rule": "unique", "columns": ["name"]}, 4, [1, 4]),
        ({"rule": "unique", "columns": ["id", "name"]}, 3, []),
        ({"rule": "in_set", "column": "name", "values": ["an", "bo"]}, 5, [3]),
        ({"rule": "in_set", "column": "name", "values": ["an", "bo"], "nulls": "fail"}, 5, [3, 5]),
        ({"rule": "in_set", "column": "name", "values": ["an"], "negate": True}, 5, [1, 4]),
        ({"rule": "in_set", "column": "id", "values": [1, 2.0, 2.5, "5", 2**63]}, 5, []),
        ({"rule": "in_set", "column": "score", "values": [1.5, 3]}, 5, [2, 3]),
        ({"rule": "in_set", "column": "day", "values": ["2026-01-01", "2026-01-03"]}, 5, [2, 4, 5]),
        ({"rule": "between", "column": "score", "min": 0, "max": 10}, 5, [2, 3]),
        ({"rule": "between", "column": "score", "min": 0}, 5, [2, 3]),
        ({"rule": "between", "column": "id", "min": 1, "max": 5, "inclusive": "neither"}, 5, [1, 5]),
        ({"rule": "between", "column": "id", "min": 1, "max": 5, "inclusive": "min"}, 5, [5]),
        ({"rule": "between", "column": "id", "min": 1, "max": 5, "inclusive": "max"}, 5, [1]),
        ({"rule": "between", "column": "id", "min": 1.5, "max": 2**70}, 5, [1]),
        ({"rule": "between", "column": "day", "min": "2026-01-02", "max": "2026-01-04"}, 5, [1, 5]),
        ({"rule": "between", "column": "name", "min": "b"}, 5, [1, 3, 4]),
        ({"rule": "regex", "column": "name", "pattern": "^[a-z]+$"}, 5, [3]),
        ({"rule": "regex", "column": "name", "pattern": "a", "negate": True}, 5, [1, 4]),
        ({"rule": "length", "column": "text", "max": 0}, 5, [1, 2, 3, 4]),
        ({"rule": "length", "column": "name", "min": 2, "max": 2}, 5, []),
        ({"rule": "type", "column": "text", "type": "integer"}, 5, [3]),
        ({"rule": "type", "column": "text", "type": "int64"}, 5, [3]),
        ({"rule": "type", "column": "score", "type": "float"}, 5, []),
        ({"rule": "type", "column": "score", "type": "float64", "strict": True}, 5, []),
        ({"rule": "type", "column": "text", "type": "integer", "strict": True}, 5, [1, 2, 3, 4]),
        ({"rule": "type", "column": "id", "type": "number", "strict": True}, 5, []),
        ({"rule": "type", "column": "id", "type": "Int64", "strict": True}, 5, []),
        ({"rule": "type", "column": "id", "type": "Int32"}, 5, [1, 2, 3, 5]),
        ({"rule": "type", "column": "score", "type": "integer"}, 5, [1, 2]),
        ({"rule": "monotonic", "column": "id"}, 5, []),
        ({"rule": "monotonic", "column": "id", "strictly": True}, 5, [3]),
        ({"rule": "monotonic", "column": "day", "direction": "decreasing"}, 5, [2, 3, 4, 5]),
        ({"rule": "expression", "expression": "id < 5 OR name IS NULL"}, 5, []),
        ({"rule": "expression", "expression": "id < 5"}, 5, [5]),
        ({"rule": "expression", "expression": "id < 5", "nulls": "fail"}, 5, [4, 5]),
        ({"rule": "not_null", "column": "name", "where": "id > 1"}, 3, [5]),
        ({"rule": "unique", "columns": ["id"], "where": "name = 'bo'"}, 1, []),
        ({"rule": "monotonic", "column": "score", "where": "id = 2"}, 2, [3]),
    ],
)
def test_rows_that_break_a_rule_are_counted_and_shown(
    tmp_path: Path, rule: Mapping[str, object], checked: int, failing_rows: list[int]
) -> None:
    found = outcome(tmp_path, rule)

    assert found["status"] == ("failed" if failing_rows else "passed"), found["message"]
    assert (found["checked"], found["failing"]) == (checked, len(failing_rows))
    assert [example["row"] for example in found["examples"]] == failing_rows


def test_nulls_are_equal_where_unique_says_so(tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": [None, 1, None], "b": ["x", "x", "x"]}, schema={"a": pl.Int64, "b": pl.String})

    found = outcome(tmp_path, {"rule": "unique", "columns": ["a", "b"], "nulls": "equal"}, frame)

    assert (found["checked"], found["failing"], found["observed"]) == (3, 2, {"repeated_keys": 1})
    assert found["examples"][0] == {"row": 1, "values": {"a": None, "b": "x"}}


def test_keys_are_looked_up_in_the_second_table(tmp_path: Path) -> None:
    reference = pl.DataFrame({"key": pl.Series([1, 2, 2, 300], dtype=pl.Int16)})
    rule = {"rule": "foreign_key", "columns": ["id"], "reference_columns": ["key"]}

    found = outcome(tmp_path, rule, reference=reference)

    assert (found["status"], found["checked"], found["failing"]) == ("failed", 4, 1)
    assert found["examples"] == [{"row": 5, "values": {"id": 5}}]


@pytest.mark.parametrize(
    ("key", "known"),
    [(1, 1.5), (Decimal("1.2"), Decimal("1.21")), (2**53 + 1, float(2**53))],
)
def test_a_key_is_not_found_in_a_number_that_only_rounds_to_it(key: object, known: object, tmp_path: Path) -> None:
    rule = {"rule": "foreign_key", "columns": ["k"]}
    found = outcome(tmp_path, rule, pl.DataFrame({"k": [key]}), reference=pl.DataFrame({"k": [known]}))

    assert (found["status"], found["failing"]) == ("failed", 1)


@pytest.mark.parametrize(
    ("rule", "reference"),
    [
        ({"rule": "foreign_key", "columns": ["id"]}, None),
        ({"rule": "foreign_key", "columns": ["id"]}, pl.DataFrame({"other": [1]})),
        ({"rule": "foreign_key", "columns": ["id"]}, pl.DataFrame({"id": ["1"]})),
        ({"rule": "not_null", "column": "ID"}, None),
        ({"rule": "unique", "columns": ["id", "nobody"]}, None),
        ({"rule": "between", "column": "name", "min": 3}, None),
        ({"rule": "between", "column": "id", "min": "three"}, None),
        ({"rule": "between", "column": "day", "min": "yesterday"}, None),
        ({"rule": "in_set", "column": "id", "values": [True]}, None),
        ({"rule": "regex", "column": "name", "pattern": "("}, None),
        ({"rule": "regex", "column": "name", "pattern": "(a{1000}){1000}"}, None),
        ({"rule": "regex", "column": "id", "pattern": "1"}, None),
        ({"rule": "length", "column": "day", "max": 1}, None),
        ({"rule": "type", "column": "id", "type": "colour"}, None),
        ({"rule": "freshness", "column": "id", "max_age_s": 1}, None),
        ({"rule": "expression", "expression": "id + 1"}, None),
        ({"rule": "expression", "expression": "nobody > 1"}, None),
        ({"rule": "expression", "expression": "id > 'x'"}, None),
        ({"rule": "expression", "expression": "CAST(text AS INTEGER) > 0"}, None),
        ({"rule": "unique", "columns": ["id"], "where": "CAST(text AS INTEGER) > 0"}, None),
    ],
)
def test_a_rule_that_cannot_be_evaluated_is_an_error_and_never_passed(
    tmp_path: Path, rule: Mapping[str, object], reference: pl.DataFrame | None
) -> None:
    checked = validate(tmp_path, PEOPLE, rule, {"rule": "not_null", "column": "day"}, reference=reference)

    assert [found["status"] for found in checked.rules] == ["error", "passed"]
    assert checked.rules[0]["message"]
    assert "failing" not in checked.rules[0]
    assert checked.data["verdict"] == "error"
    assert "z" not in checked.rules[0]["message"].split()


def test_an_expression_that_fails_late_takes_no_other_rule_with_it(tmp_path: Path) -> None:
    frame = pl.DataFrame({"n": [*map(str, range(200_000)), "late"]})
    rules = [
        {"rule": "expression", "expression": "CAST(n AS INTEGER) >= 0"},
        {"rule": "expression", "expression": "length(n) < 6"},
        {"rule": "length", "column": "n", "max": 5},
    ]

    found = validate(tmp_path, frame, *rules).rules

    assert [rule["status"] for rule in found] == ["error", "failed", "failed"]
    assert [rule.get("failing") for rule in found] == [None, 100_000, 100_000]
    assert found[1]["checked"] == found[2]["checked"] == 200_001


@pytest.mark.parametrize(
    ("rule", "status", "observed"),
    [
        ({"min": 5, "max": 5}, "passed", {"rows": 5}),
        ({"min": 6}, "failed", {"rows": 5}),
        ({"max": 4}, "failed", {"rows": 5}),
    ],
)
def test_rows_are_counted(tmp_path: Path, rule: Mapping[str, object], status: str, observed: dict[str, object]) -> None:
    found = outcome(tmp_path, {"rule": "row_count", **rule})

    assert (found["status"], found["observed"]) == (status, observed)


@pytest.mark.parametrize(
    ("rule", "differences"),
    [
        ({"columns": [{"name": "day", "type": "date"}, {"name": "id"}]}, []),
        ({"columns": [{"name": "day"}, {"name": "id"}], "order": True}, ["the columns come in another order"]),
        ({"columns": [{"name": "id"}, {"name": "day"}], "order": True}, []),
        ({"columns": [{"name": "id", "type": "text"}]}, ["'id' is Int64, not text"]),
        ({"columns": [{"name": "iD"}]}, ["'iD' is missing"]),
        (
            {"columns": [{"name": name} for name in ("id", "name", "score", "text")], "extra": False},
            ["'day' is not wanted"],
        ),
    ],
)
def test_columns_are_compared(tmp_path: Path, rule: Mapping[str, object], differences: list[str]) -> None:
    found = outcome(tmp_path, {"rule": "schema", **rule})

    assert found["observed"]["differences"] == differences
    assert found["status"] == ("failed" if differences else "passed")


@pytest.mark.parametrize(
    ("now", "max_age_s", "status"),
    [
        ("2026-01-06T00:00:10Z", 11, "passed"),
        ("2026-01-06T00:00:10Z", 9, "failed"),
        ("2026-01-06T02:00:10+02:00", 9, "failed"),
        ("2026-01-06T00:00:10", 11, "passed"),
        ("2025-01-06T00:00:10Z", 1, "passed"),
    ],
)
def test_the_newest_value_must_not_be_too_old(tmp_path: Path, now: str, max_age_s: float, status: str) -> None:
    found = outcome(tmp_path, {"rule": "freshness", "column": "day", "max_age_s": max_age_s}, now=now)

    assert (found["status"], found["observed"]["newest"]) == (status, "2026-01-05")


def test_no_value_at_all_is_not_fresh(tmp_path: Path) -> None:
    frame = pl.DataFrame({"at": pl.Series([None], dtype=pl.Datetime)})

    assert outcome(tmp_path, {"rule": "freshness", "column": "at", "max_age_s": 1}, frame)["status"] == "failed"


@pytest.mark.parametrize(
    ("tolerance", "status"),
    [
        ({"tolerance_share": 0.29}, "passed"),
        ({"tolerance_share": 0.28}, "failed"),
        ({"tolerance_count": 29}, "passed"),
        ({"tolerance_count": 28}, "failed"),
        ({"tolerance_count": 1, "tolerance_share": 0.5}, "passed"),
    ],
)
def test_some_rows_may_break_a_rule(tmp_path: Path, tolerance: dict[str, object], status: str) -> None:
    frame = pl.DataFrame({"n": [*[None] * 29, *range(71)]})

    assert outcome(tmp_path, {"rule": "not_null", "column": "n", **tolerance}, frame)["status"] == status


@pytest.mark.parametrize(
    ("severities", "verdict"),
    [
        (["info"], "passed"),
        (["info", "warning"], "warned"),
        (["warning", "error", "info"], "failed"),
    ],
)
def test_severity_says_what_breaking_a_rule_means(tmp_path: Path, severities: list[str], verdict: str) -> None:
    rules = [{"rule": "row_count", "min": 6, "severity": severity} for severity in severities]

    checked = validate(tmp_path, PEOPLE, *rules)

    means = {"info": "noted", "warning": "warned", "error": "failed"}
    assert [rule["status"] for rule in checked.rules] == [means[severity] for severity in severities]
    assert checked.data["verdict"] == checked.outcome.summary["verdict"] == verdict


def test_every_row_is_looked_at_whatever_the_sample_says(tmp_path: Path) -> None:
    rows = 300_000
    text = "id,n\n" + "".join(f"{row},1\n" for row in range(rows)) + f"{rows},-1\n"

    checked = validate(tmp_path, text.encode(), {"rule": "between", "column": "n", "min": 0})

    assert checked.rules[0]["examples"] == [{"row": rows + 1, "values": {"n": -1}}]
    assert checked.rules[0]["checked"] == checked.outcome.rows["data"] == rows + 1
    (partial, estimate), *_ = checked.run.partials
    assert estimate
    assert partial["verdict"] is None


def test_a_type_that_changes_late_in_a_text_file_is_seen(tmp_path: Path) -> None:
    text = "id,n\n" + "".join(f"{row},1\n" for row in range(200_000)) + "1,late\n"
    rules = [{"rule": "type", "column": "n", "type": "integer"}, {"rule": "schema", "columns": [{"name": "n"}]}]

    for failing_rows in (0, 10):
        checked = validate(tmp_path, text.encode(), *rules, failing_rows=failing_rows)

        assert [rule["status"] for rule in checked.rules] == ["failed", "passed"]
        assert checked.rules[0]["failing"] == 1
        assert checked.rules[0]["examples"][0]["row"] == 200_001


def test_blank_lines_are_no_rows_and_have_no_number(tmp_path: Path) -> None:
    text = b"id,n\n1,1\n\n2,\n2,2\n"
    rules = [{"rule": "not_null", "column": "n"}, {"rule": "unique", "columns": ["id"]}]

    checked = validate(tmp_path, text, *rules)

    assert [[example["row"] for example in rule["examples"]] for rule in checked.rules] == [[2], [2, 3]]
    assert "blank_rows" in checked.run.codes


def test_a_table_without_rows_says_that_nothing_was_there(tmp_path: Path) -> None:
    checked = validate(tmp_path, PEOPLE.clear(), {"rule": "not_null", "column": "id"}, {"rule": "row_count", "min": 1})

    assert [rule["status"] for rule in checked.rules] == ["passed", "failed"]
    assert "no_rows" in checked.run.codes


def test_a_filter_that_chooses_no_row_is_told(tmp_path: Path) -> None:
    checked = validate(tmp_path, PEOPLE, {"rule": "not_null", "column": "id", "where": "id = 77"})

    assert checked.rules[0]["checked"] == 0
    assert "nothing_checked" in checked.run.codes


def test_failing_rows_are_kept_whole_with_the_rules_that_they_break(tmp_path: Path) -> None:
    rules = [
        {"rule": "unique", "columns": ["id"], "name": "one id"},
        {"rule": "regex", "column": "name", "pattern": "^[a-z]+$", "name": "plain"},
        {"rule": "not_null", "column": "id"},
    ]

    checked = validate(tmp_path, PEOPLE, *rules)

    kept = pl.read_parquet(checked.artifact("failing_rows.parquet"))
    assert kept["row"].to_list() == [2, 3, 4]
    assert kept["broken_rules"].to_list() == [["one id"], ["one id", "plain"], ["not_null id"]]
    assert kept.drop("row", "broken_rules").equals(PEOPLE[1:4])
    assert checked.data["failing_rows_kept"] == 3


def test_the_first_failing_rows_are_kept_and_no_more(tmp_path: Path) -> None:
    frame = pl.DataFrame({"row": range(1000), "n": [row % 2 for row in range(1000)]})
    rules = [{"rule": "between", "column": "n", "min": 1}, {"rule": "between", "column": "row", "min": 500}]

    checked = validate(tmp_path, frame, *rules, failing_rows=7, examples=2)

    kept = pl.read_parquet(checked.artifact("failing_rows.parquet"))
    assert kept.columns == ["row_", "broken_rules", "row", "n"]
    assert kept["row_"].to_list() == [1, 2, 3, 4, 5, 6, 7]
    assert [len(rule["examples"]) for rule in checked.rules] == [2, 2]
    assert [rule["failing"] for rule in checked.rules] == [500, 500]


def test_without_a_failing_row_there_is_no_such_artifact(tmp_path: Path) -> None:
    checked = validate(tmp_path, PEOPLE, {"rule": "not_null", "column": "day"})

    assert set(checked.run.artifacts) == {"junit.xml", "badge.svg"}


def test_columns_with_names_that_mean_something_elsewhere_are_only_columns(tmp_path: Path) -> None:
    frame = pl.DataFrame({"*": [1, None], "^.*$": ["a", "a"], "failing0": [1, 2], "value1": [None, None]})
    rules = [
        {"rule": "not_null", "column": "*"},
        {"rule": "unique", "columns": ["^.*$"]},
        {"rule": "between", "column": "failing0", "max": 1},
        {"rule": "not_null", "column": "value1"},
    ]

    assert [rule["failing"] for rule in validate(tmp_path, frame, *rules).rules] == [1, 2, 1, 2]


def test_keys_in_shards_are_the_same_keys(tmp_path: Path) -> None:
    frame = pl.DataFrame({"k": [*range(150_000), 7, 140_000], "s": ["x" * 20] * 150_002})
    reference = pl.DataFrame({"k": range(2, 150_000)})
    rules = [{"rule": "unique", "columns": ["k", "s"]}, {"rule": "foreign_key", "columns": ["k"]}]

    small = validate(tmp_path, frame, *rules, reference=reference, memory_mb=4).rules
    large = validate(tmp_path, frame, *rules, reference=reference, memory_mb=4000).rules

    assert small == large
    assert [rule["failing"] for rule in small] == [4, 2]
    assert [example["row"] for example in small[0]["examples"]] == [8, 140_001, 150_001, 150_002]


def test_decimals_and_large_numbers_are_compared_exactly(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"money": [Decimal("0.10"), Decimal("0.11")], "big": [2**53, 2**53 + 1]},
        schema={"money": pl.Decimal(10, 2), "big": pl.Int64},
    )
    rules = [
        {"rule": "between", "column": "money", "max": 0.1},
        {"rule": "in_set", "column": "money", "values": ["0.10", 0.11]},
        {"rule": "in_set", "column": "money", "values": [0.101]},
        {"rule": "in_set", "column": "big", "values": [str(2**53 + 1)]},
    ]

    assert [rule["failing"] for rule in validate(tmp_path, frame, *rules).rules] == [1, 0, 2, 1]


@pytest.mark.parametrize(
    "params",
    [
        {"rules": []},
        {"rules": [{"rule": "between", "column": "a"}]},
        {"rules": [{"rule": "nothing", "column": "a"}]},
        {"rules": [{"rule": "row_count", "tolerance_count": 1}]},
        {"rules": [{"rule": "foreign_key", "columns": ["a"], "reference_columns": ["a", "b"]}]},
        {"rules": [{"rule": "regex", "column": "a", "pattern": "x" * 1001}]},
        {"rules": [{"rule": "between", "column": "a", "min": math.inf}]},
    ],
)
def test_params_that_make_no_sense_are_refused(params: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        KIND.params.model_validate(params)


def test_nested_values_have_no_order_and_that_is_the_rules_error_alone(tmp_path: Path) -> None:
    rules = [{"rule": "monotonic", "column": "x"}, {"rule": "not_null", "column": "x"}]
    found = validate(tmp_path, pl.DataFrame({"x": [[1], [2]]}), *rules).rules

    assert [rule["status"] for rule in found] == ["error", "passed"]


@pytest.mark.parametrize("dtype", [pl.Date(), pl.Datetime("ms"), pl.Datetime("us", "UTC")], ids=str)
def test_times_beyond_the_year_9999_are_checked_like_any_other(dtype: pl.DataType, tmp_path: Path) -> None:
    days = [10_000_000 + day for day in range(40)]
    times = pl.Series(days).cast(pl.Int32).cast(pl.Date).cast(dtype)
    frame = pl.DataFrame({"at": times, "n": range(40)})
    rules = [
        {"rule": "freshness", "column": "at", "max_age_s": 60},
        {"rule": "monotonic", "column": "at"},
        {"rule": "between", "column": "at", "max": "2030-01-01" + ("T00:00:00" if dtype != pl.Date else "")},
        {"rule": "unique", "columns": ["at"]},
        {"rule": "not_null", "column": "at"},
    ]
    checked = validate(tmp_path, frame, *rules, suggest=True, now="2026-01-01T00:00:00")

    assert [rule["status"] for rule in checked.rules] == ["passed", "passed", "failed", "passed", "passed"]
    assert checked.rules[0]["observed"]["newest"].startswith("+29349-03-06")
    assert checked.rules[2]["examples"][0]["values"]["at"].startswith("+29349-01-26")
    assert {"rule": "monotonic", "column": "at", "severity": "info"} in checked.data["suggested"]


def test_an_expression_is_not_blamed_for_a_damaged_file(tmp_path: Path) -> None:
    path = tmp_path / "good.parquet"
    pl.DataFrame({"n": [str(n * n) for n in range(300_000)]}).write_parquet(path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 2_000] = bytes(2_000)

    with pytest.raises(InputError):
        validate(tmp_path, bytes(content), {"rule": "expression", "expression": "CAST(n AS BIGINT) >= 0"})


@pytest.mark.parametrize(
    ("wanted", "good", "bad"),
    [
        ("date", "2024-02-29", "2024-02-30"),
        ("datetime", "2024-02-29 12:30:00", "2024-02-29 12:70:00"),
        ("time", "12:30:00", "12:70:00"),
        ("boolean", "true", "yes"),
        ("integer", "170141183460469231731687303715884105727", "1.5"),
        ("Int8", "-128", "128"),
    ],
)
def test_texts_that_read_as_a_type_keep_the_rule(tmp_path: Path, wanted: str, good: str, bad: str) -> None:
    data = pl.DataFrame({"s": [good, bad, None, good]})

    rule = validate(tmp_path, data, {"rule": "type", "column": "s", "type": wanted}).rules[0]

    assert (rule["status"], rule["failing"], rule["examples"]) == ("failed", 1, [{"row": 2, "values": {"s": bad}}])
