"""Rules on columns whose values are not kept as they look: categories, zones, decimals, times and their far ends."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from helpers.checking import validate

TEXTS = ["red", "blue", None, "red"]
NOON = dt.datetime(2020, 1, 1, 12)  # noqa: DTZ001 - a column without a zone holds such


def failing(folder: Path, values: pl.Series, /, **rule: Any) -> int | str:
    """How many values break a rule on a column, or why it cannot be evaluated."""
    found = validate(folder, pl.DataFrame({"x": values}), {"column": "x", **rule}).rules[0]
    told: int | str = found["message"] if found["status"] == "error" else found["failing"]
    return told


@pytest.mark.parametrize("dtype", [pl.String(), pl.Categorical(), pl.Enum(["blue", "red"])])
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"rule": "in_set", "values": ["red", "green"]}, 1),
        ({"rule": "in_set", "values": ["green"], "negate": True}, 0),
        ({"rule": "between", "min": "c"}, 1),
        ({"rule": "between", "max": "green"}, 2),
        ({"rule": "regex", "pattern": "^r"}, 1),
        ({"rule": "length", "max": 3}, 1),
        ({"rule": "type", "type": "text"}, 0),
        ({"rule": "type", "type": "text", "strict": True}, 0),
        ({"rule": "type", "type": "integer"}, 3),
    ],
)
def test_categories_are_texts_to_every_rule(
    tmp_path: Path, dtype: pl.DataType, rule: dict[str, Any], expected: int
) -> None:
    assert failing(tmp_path, pl.Series(TEXTS, dtype=dtype), **rule) == expected


@pytest.mark.parametrize("dtype", [pl.String(), pl.Categorical(), pl.Enum(["red", "blue"])])
@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"rule": "expression", "expression": "x >= 'c'"}, 1),
        ({"rule": "expression", "expression": "x < 'black'", "where": "x <= 'green'"}, 1),
        ({"rule": "unique", "columns": ["x"], "where": "x > 'c'"}, 2),
        ({"rule": "foreign_key", "columns": ["x"], "reference_columns": ["text"]}, 1),
        ({"rule": "foreign_key", "columns": ["x"], "reference_columns": ["category"]}, 1),
    ],
)
def test_categories_are_put_in_order_and_found_as_texts(
    tmp_path: Path, dtype: pl.DataType, rule: dict[str, Any], expected: int
) -> None:
    known = pl.Series(["red", "green"])
    reference = pl.DataFrame({"text": known, "category": known.cast(pl.Enum(["green", "red"]))})
    data = pl.DataFrame({"x": pl.Series(TEXTS, dtype=dtype)})

    assert validate(tmp_path, data, rule, reference=reference).rules[0]["failing"] == expected
    assert failing(tmp_path, data["x"].head(2), rule="monotonic", direction="decreasing") == 0


@pytest.mark.parametrize("dtype", [pl.Categorical(), pl.Enum(["blue", "red"])])
def test_categories_are_texts_to_a_schema_and_to_suggestions(tmp_path: Path, dtype: pl.DataType) -> None:
    data = pl.DataFrame({"x": pl.Series(["red", "blue"] * 20, dtype=dtype)})
    texts = data.cast(pl.String)

    checked = validate(tmp_path, data, {"rule": "schema", "columns": [{"name": "x", "type": "text"}]}, suggest=True)

    assert checked.rules[0]["status"] == "passed"
    assert checked.data["suggested"] == validate(tmp_path, texts, suggest=True).data["suggested"]
    assert "in_set" in {rule["rule"] for rule in checked.data["suggested"]}


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_bounds_are_moments_in_any_zone(tmp_path: Path, zone: str, unit: Any) -> None:
    values = pl.Series([NOON, NOON + dt.timedelta(hours=1)]).dt.replace_time_zone("UTC")
    values = values.dt.convert_time_zone(zone).dt.cast_time_unit(unit)

    assert failing(tmp_path, values, rule="between", min="2020-01-01T13:30:00+01:00") == 1
    assert failing(tmp_path, values, rule="between", max="2020-01-01T12:00:00Z", inclusive="min") == 2
    assert failing(tmp_path, values, rule="in_set", values=["2020-01-01T13:00:00+01:00", "9000-01-01T00:00:00Z"]) == 1


@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_bounds_may_lie_beyond_what_a_column_can_hold(tmp_path: Path, unit: Any) -> None:
    values = pl.Series([1, 2], dtype=pl.Datetime(unit))

    assert failing(tmp_path, values, rule="between", min="0001-01-01T00:00:00", max="9000-01-01T00:00:00") == 0
    assert failing(tmp_path, values, rule="between", min="9000-01-01T00:00:00") == 2
    assert failing(tmp_path, values, rule="in_set", values=["9000-01-01T00:00:00"]) == 2


def test_times_that_no_calendar_has_are_compared_too(tmp_path: Path) -> None:
    far = pl.Series([10**17, -(10**17)], dtype=pl.Datetime("ms"))
    assert failing(tmp_path, far, rule="between", min="2020-01-01T00:00:00.000500") == 1


@pytest.mark.parametrize(("dtype", "day"), [(pl.Datetime("ns"), "1970-01-01T"), (pl.Time(), "")])
def test_bounds_are_told_to_the_nanosecond(tmp_path: Path, dtype: pl.DataType, day: str) -> None:
    values = pl.Series([123_456_789, 123_456_790]).cast(dtype)

    assert failing(tmp_path, values, rule="between", max=day + "00:00:00.123456789") == 1
    assert failing(tmp_path, values, rule="between", min=day + "00:00:00.1234567890", inclusive="neither") == 1
    assert failing(tmp_path, values, rule="between", min=day + "00:00:00.1234567891") == 1
    assert failing(tmp_path, values, rule="in_set", values=[day + "00:00:00,123456790"]) == 1


def test_a_bound_between_two_steps_of_a_column_is_not_rounded(tmp_path: Path) -> None:
    millis = pl.Series([1, 2], dtype=pl.Datetime("ms"))
    assert failing(tmp_path, millis, rule="between", min="1970-01-01T00:00:00.001500") == 1
    assert failing(tmp_path, pl.Series([2**53, 2**53 + 1]), rule="between", max=2**53 + 0.0) == 1
    for inclusive in ("both", "neither"):
        assert failing(tmp_path, pl.Series([1, 2, 3]), rule="between", min=1.5, max=2.5, inclusive=inclusive) == 2
    assert failing(tmp_path, pl.Series([1, 2, 3]), rule="in_set", values=[1.5, "2.0"]) == 2


def test_bounds_on_decimals_are_exact_however_small(tmp_path: Path) -> None:
    prices = pl.Series([Decimal("5.10"), Decimal("-0.01")], dtype=pl.Decimal(38, 2))
    assert failing(tmp_path, prices, rule="between", max=1e-60) == 1
    assert failing(tmp_path, prices, rule="between", min=5.1) == 1
    assert failing(tmp_path, prices, rule="between", max=1e38) == 0
    assert failing(tmp_path, prices, rule="in_set", values=["5.1", "5.101", "-0.01"]) == 0
    for number in ("1e-999999999", "1e9999999", "-1e999999999999"):
        assert failing(tmp_path, prices, rule="between", max=number) == (
            "The rule gives a number that is too large, too small, or none."
        )


def test_a_bound_on_narrow_floats_is_as_narrow(tmp_path: Path) -> None:
    tenths = pl.Series([0.1, 0.2], dtype=pl.Float32)
    assert failing(tmp_path, tenths, rule="between", max=0.1) == 1
    assert failing(tmp_path, tenths, rule="in_set", values=[0.1]) == 1
    for dtype in (pl.Float16, pl.Float32):
        # To 16 bits the bound is infinite.
        assert failing(tmp_path, pl.Series([1.0, float("inf")], dtype=dtype), rule="between", max=1e38) == 1


KEYS = [
    (pl.Series([2.0**53, 2.0**53 + 2]), pl.Series([2**53 + 1, 2**53 + 2]), 1),
    (pl.Series([2**53 + 1, 2**53 + 2]), pl.Series([2.0**53, 2.0**53 + 2]), 1),
    (pl.Series([2.0**53, 0.1]), pl.Series([2**53 + 1, "0.1"], strict=False).cast(pl.Decimal(38, 20)), 1),
    (pl.Series(["0.1", "0.11"]).cast(pl.Decimal(38, 20)), pl.Series([0.1, 0.2]), 1),
    (pl.Series([0.1, 0.2], dtype=pl.Float32), pl.Series([0.1, 0.2]), 0),
    (pl.Series([1, 2]), pl.Series([1.5, 2.0]), 1),
]


@pytest.mark.parametrize(("mine", "theirs", "lost"), KEYS, ids=[f"{a.dtype} {b.dtype}" for a, b, _ in KEYS])
def test_keys_of_two_types_are_found_only_where_they_are_the_same(
    tmp_path: Path, mine: pl.Series, theirs: pl.Series, lost: int
) -> None:
    rule = {"rule": "foreign_key", "columns": ["x"]}
    found = validate(tmp_path, pl.DataFrame({"x": mine}), rule, reference=pl.DataFrame({"x": theirs}))

    assert found.rules[0]["failing"] == lost


def test_a_zone_where_the_column_has_none_is_told(tmp_path: Path) -> None:
    zoned = "The column has times without a zone; the rule gives one with a zone."
    assert failing(tmp_path, pl.Series([dt.time(12)]), rule="between", max="10:00+02:00") == zoned
    assert failing(tmp_path, pl.Series([NOON]), rule="between", max="2020-01-01T00:00:00Z") == zoned


def test_suggestions_are_made_of_types_with_long_names_and_of_very_many_columns(tmp_path: Path) -> None:
    wide = pl.DataFrame({f"c{number}": [1] for number in range(5001)})
    nested = pl.DataFrame({"x": [{f"a field of a struct {number}": 1 for number in range(12)}]})

    assert validate(tmp_path, nested, suggest=True).data["suggested"][0] == {
        "rule": "schema",
        "columns": [{"name": "x"}],
        "extra": False,
    }
    suggested = validate(tmp_path, wide, suggest=True).data["suggested"][0]
    assert (suggested["rule"], len(suggested["columns"]), suggested.get("extra", True)) == ("schema", 5000, True)
