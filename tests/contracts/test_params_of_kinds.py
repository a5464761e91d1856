"""What our kinds' params must not be is refused at once: their JSON Schema, which the gateway has, says it too."""

from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import TaskParamsError
from gateway.params import check_params
from helpers.offered import offered
from processor.analyses.compare import KIND as COMPARE
from processor.analyses.convert import KIND as CONVERT
from processor.analyses.validate import KIND as VALIDATE
from processor.kind import Kind


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
    ],
)
def test_params_that_go_together_pass_both(kind: Kind[Any], params: dict[str, Any]) -> None:
    check_params(params, kind=offered(kind))
    kind.params.model_validate(params)


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
