"""What our kinds' params must not be is refused at once: their JSON Schema, which the gateway has, says it too."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from gateway.faults import TaskParamsError
from gateway.params import check_params
from gateway.schema_faults import LONGEST_DETAIL
from helpers.offered import offered
from processor.analyses.compare import KIND as COMPARE
from processor.analyses.convert import KIND as CONVERT
from processor.analyses.convert.types import TYPE_PATTERN
from processor.analyses.profile import KIND as PROFILE
from processor.analyses.profile.alerts import THRESHOLDS
from processor.analyses.query import KIND as QUERY
from processor.analyses.validate import KIND as VALIDATE
from processor.analyses.validate.moment import PATTERN
from processor.kind import Kind

ANY_SQL = {"sql": "SELECT 1"}
UNBOUND = [{"type": "integer"}]  # a value to compare with: where it is none, the same number as a float is one
NEWEST = {"rule": "freshness", "column": "a", "max_age_s": 1}


def rule(**parts: object) -> dict[str, object]:
    return {"rules": [parts]}


@pytest.mark.parametrize(
    ("kind", "params", "place", "detail"),
    [
        (VALIDATE, {}, "/params/rules", "is missing"),
        (VALIDATE, {"suggest": False}, "/params/rules", "is missing"),
        (VALIDATE, {"rules": []}, "/params/rules", "must have at least 1 entry"),
        (VALIDATE, rule(column="a"), "/params/rules/0/rule", "is missing"),
        (VALIDATE, rule(rule="regex", column="a"), "/params/rules/0/pattern", "is missing"),
        (VALIDATE, rule(rule="between", column="a"), "/params/rules/0", "must have min or max"),
        (VALIDATE, rule(rule="between", column="a", min=None), "/params/rules/0/min",
         "must be true or false or a number or a text"),
        (COMPARE, {"by_column": {"a": {"absolute": 1}, "b": {}}}, "/params/keys", "is missing"),
        (COMPARE, {"absolute": -1}, "/params/absolute", "must be ≥ 0"),
        (CONVERT, {"partition_by": ["a"], "format": "xls"}, "/params/format",
         "must be one of arrow, csv, ndjson, parquet, tsv"),
        (COMPARE, {"relative": 0.1}, "/params/keys", "is missing"),
        (COMPARE, {"absolute": 1, "keys": None}, "/params/keys", "must be a list"),
        (CONVERT, {"format": "xlsx", "partition_by": ["a"]}, "/params/format",
         "must be one of arrow, csv, ndjson, parquet, tsv"),
        (CONVERT, {"limit": 4_294_967_296}, "/params/limit", "must be ≤ 4000000000"),
        (CONVERT, {"limit": 1e300}, "/params/limit", "must be ≤ 4000000000"),
        (QUERY, ANY_SQL | {"max_rows": 10**20}, "/params/max_rows", "must be ≤ 4000000000"),
        (CONVERT, {"cast": {"a": "int32\n"}}, "/params/cast/a", f"must match {TYPE_PATTERN}"[:LONGEST_DETAIL]),
        (CONVERT, {"read_options": {"quote": "\n"}}, "/params/read_options/quote", "must match ^[!-~]?$"),
        (PROFILE, {"read_options": {"comment": "#\n"}}, "/params/read_options/comment", "must match ^[!-~]*$"),
        (PROFILE, {"read_options": {"sheet": 1e300}}, "/params/read_options/sheet", "must be ≤ 9007199254740991"),
        (CONVERT, {"format": "json", "compression": "zstd"}, "/params/compression", "must be one of none, null"),
        (CONVERT, {"compression": "deflate"}, "/params/compression",
         "must be one of zstd, snappy, gzip, lz4, none, null"),
        (QUERY, ANY_SQL | {"format": "avro", "compression": "gzip"}, "/params/compression",
         "must be one of deflate, snappy, none, null"),
        (CONVERT, {"csv": {"bom": True}}, "/params/format", "is missing"),
        (QUERY, ANY_SQL | {"format": "tsv", "csv": {"delimiter": ";"}}, "/params/format", 'must be "csv"'),
        (CONVERT, {"format": "csv", "csv": {"decimal_comma": True}}, "/params/csv/delimiter", "is missing"),
        (CONVERT, {"format": "csv", "csv": {"decimal_comma": True, "delimiter": ","}}, "/params/csv/delimiter",
         "must match ^[^,]$"),
        (PROFILE, {"thresholds": {"boring": 1}}, "/params/thresholds",
         f"a name in it must be one of {', '.join(THRESHOLDS)}"[:LONGEST_DETAIL]),
        (VALIDATE, {"suggest": True, "now": "soon"}, "/params/now", f"must match {PATTERN}"[:LONGEST_DETAIL]),
        (VALIDATE, {"rules": [NEWEST | {"now": "2023-02-29"}]}, "/params/rules/0/now",
         f"must match {PATTERN}"[:LONGEST_DETAIL]),
        (VALIDATE, rule(rule="row_count", max=1e300), "/params/rules/0/max", "must be ≤ 9007199254740991"),
        (VALIDATE, rule(rule="length", column="a", min=10**40), "/params/rules/0/min", "must be ≤ 9007199254740991"),
    ],
)  # fmt: skip
def test_params_that_do_not_go_together_are_refused_by_schema_and_model(
    kind: Kind[Any], params: dict[str, Any], place: str, detail: str
) -> None:
    with pytest.raises(TaskParamsError) as refused:
        check_params(params, kind=offered(kind))
    with pytest.raises(ValidationError):
        kind.params.model_validate(params)

    assert [(fault.pointer, fault.detail) for fault in refused.value.faults] == [(place, detail)]


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        (VALIDATE, {"suggest": True}),
        (VALIDATE, {"rules": [{"rule": "between", "column": "a", "max": 1}], "suggest": False}),
        (COMPARE, {}),
        (COMPARE, {"absolute": 0, "relative": 0.0}),
        (COMPARE, {"absolute": 1, "keys": ["a"]}),
        (COMPARE, {"by_column": {"a": {"absolute": 0, "ignore_case": True}}}),
        (VALIDATE, {"rules": [{"rule": "between", "column": "a", "min": None, "max": 1}]}),
        (CONVERT, {"format": "parquet", "partition_by": ["a"]}),
        (CONVERT, {"format": "xlsx", "partition_by": []}),
        (CONVERT, {"partition_by": ["a"]}),
        (CONVERT, {"limit": 4_000_000_000, "compression": None}),
        (CONVERT, {"cast": {"a": "decimal(38,2)"}, "read_options": {"quote": "", "comment": ""}}),
        (CONVERT, {"format": "xlsx", "compression": "deflate", "csv": {"delimiter": ","}}),
        (CONVERT, {"format": "csv", "compression": "gzip", "csv": {"decimal_comma": True, "delimiter": ";"}}),
        (QUERY, ANY_SQL | {"max_rows": 4_000_000_000, "csv": {}}),
        (PROFILE, {"thresholds": dict.fromkeys(THRESHOLDS, 0.5)}),
    ],
)
def test_params_that_go_together_pass_both(kind: Kind[Any], params: dict[str, Any]) -> None:
    check_params(params, kind=offered(kind))
    kind.params.model_validate(params)


@given(st.datetimes(), st.sampled_from(["T", " ", "t"]), st.sampled_from(["", "Z", "+05:30", "-0100"]))
@example(datetime(2000, 2, 29), "T", "Z")  # noqa: DTZ001 - zones are another argument
def test_every_time_is_one_for_both(moment: datetime, between: str, zone: str) -> None:
    params = {"suggest": True, "now": moment.isoformat(between) + zone}

    check_params(params, kind=offered(VALIDATE))
    assert VALIDATE.params.model_validate(params).now_or(datetime.now(UTC)).replace(tzinfo=None) == moment


@given(st.from_regex(r"\A(?:19|20|00)[0-9]{2}-[0-3][0-9]-[0-3][0-9](?:[T ][0-2][0-9]:[0-9]{2})?\n?\Z"))
@example("1900-02-29")
@example("2000-02-29")
@example("0000-01-01")
@example("1700000000")
@example("2024-01-01T24:00")
def test_what_looks_like_a_time_is_one_for_both_or_for_none(text: str) -> None:
    params = {"suggest": True, "now": text}

    assert _passes_schema(VALIDATE, params) == _passes_model(VALIDATE, params)


def _passes_schema(kind: Kind[Any], params: dict[str, Any]) -> bool:
    return not list(offered(kind).judge.complaints(params))


def _passes_model(kind: Kind[Any], params: dict[str, Any]) -> bool:
    try:
        kind.params.model_validate(params)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("kind", [COMPARE, CONVERT, PROFILE, QUERY, VALIDATE], ids=lambda kind: kind.name)
def test_every_whole_number_has_an_end(kind: Kind[Any]) -> None:
    """JSON Schema takes 1e300 for a whole number, and the models do not."""
    endless = [schema for schema in _schemas(kind.params.model_json_schema()) if schema.get("type") == "integer"]

    assert [schema for schema in endless if "maximum" not in schema and schema not in UNBOUND] == []


def _schemas(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else []:
        yield from _schemas(inner)


MANY = {"rule": "in_set", "column": "a", "values": [[]] * 100_000}


@pytest.mark.parametrize(
    ("params", "place", "detail"),
    [
        (rule(**MANY), "/params/rules/0/values", "must have at most 10000 entries"),
        (rule(rule="schema", columns=[{}] * 50_000), "/params/rules/0/columns", "must have at most 5000 entries"),
        ({"rules": [{"rule": "not_null"}] * 25_000}, "/params/rules", "must have at most 500 entries"),
    ],
)
def test_what_is_far_too_long_is_said_to_be_and_not_looked_into(
    params: dict[str, Any], place: str, detail: str
) -> None:
    with pytest.raises(TaskParamsError) as refused:
        check_params(params, kind=offered(VALIDATE))

    assert [(fault.pointer, fault.detail) for fault in refused.value.faults] == [(place, detail)]


def test_the_last_of_many_entries_is_found() -> None:
    rules = [{"rule": "in_set", "column": "a", "values": [1] * 10_000}] * 24
    with pytest.raises(TaskParamsError) as refused:
        check_params(
            {"rules": [*rules, {"rule": "in_set", "column": "a", "values": [1] * 9_999 + [[]]}]}, kind=offered(VALIDATE)
        )

    assert [fault.pointer for fault in refused.value.faults] == ["/params/rules/24/values/9999"]
