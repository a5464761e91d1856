"""Params against the kind's schema: each fault names its place."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from referencing.exceptions import Unresolvable

from gateway.errors import TaskParamsError
from gateway.json_pointer import pointer
from gateway.judge import MOST_KNOWN, Judge
from gateway.kinds import OfferedKind
from gateway.params import check_params

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["columns"],
    "properties": {
        "columns": {"type": "array", "items": {"type": "string", "maxLength": 5}, "uniqueItems": True},
        "quantiles": {"type": "array", "maxItems": 3, "items": {"type": "number", "minimum": 0, "maximum": 1}},
        "mode": {"enum": ["fast", "exact"]},
        "limit": {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}], "default": None},
        "a/b~c": {"type": "boolean"},
        "bins": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "number"}, "minItems": 1}]},
        "span": {"anyOf": [{"required": ["from"]}, {"required": ["to"], "properties": {"to": {"type": "number"}}}]},
        "shape": {
            "discriminator": {"propertyName": "is", "mapping": {"round": "#/$defs/round", "square": "#/$defs/square"}},
            "oneOf": [{"$ref": "#/$defs/round"}, {"$ref": "#/$defs/square"}],
        },
        "mode_or_count": {"anyOf": [{"enum": ["auto", "all"]}, {"type": "integer", "minimum": 1}]},
        "both_or_one": {"anyOf": [{"required": ["a", "b"]}, {"required": ["c"]}]},
        "deep": {
            "anyOf": [
                {"properties": {"a": {"type": "object", "required": ["p"]}}},
                {"properties": {"b": {"type": "object", "required": ["q"]}}},
            ]
        },
        "never": {"anyOf": [False, {"type": "string"}]},
        "nothing": {"anyOf": [False, False]},
        "many": {"anyOf": [{"type": "object", "required": list("pqrs")}, {"type": "null"}]},
        "strange": {"discriminator": "is", "oneOf": [{"type": "null"}, {"minLength": 1}]},
    },
    "$defs": {
        "round": {
            "type": "object",
            "additionalProperties": False,
            "required": ["is", "radius"],
            "properties": {"is": {"const": "round"}, "radius": {"type": "number", "minimum": 0}},
        },
        "square": {
            "type": "object",
            "additionalProperties": False,
            "required": ["is", "side"],
            "properties": {"is": {"const": "square"}, "side": {"type": "number"}},
        },
    },
}


def kind(schema: Mapping[str, Any]) -> OfferedKind:
    return OfferedKind(
        name="profile",
        version="1",
        title="",
        summary="",
        inputs={},
        example={},
        params_schema=schema,
        result_schema=None,
        processors=1,
        judge=Judge(schema),
    )


def faults(params: Mapping[str, Any]) -> dict[str, str]:
    with pytest.raises(TaskParamsError) as caught:
        check_params(params, kind=kind(SCHEMA))
    return {fault.pointer: fault.detail for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"/params/columns": "is missing"}),
        ({"columns": [], "quantiles": [0, 0.5, 2]}, {"/params/quantiles/2": "must be ≤ 1"}),
        ({"columns": [], "quantiles": [True]}, {"/params/quantiles/0": "must be a number"}),
        ({"columns": [], "quantiles": [0] * 4}, {"/params/quantiles": "must have at most 3 entries"}),
        ({"columns": ["abcdef"]}, {"/params/columns/0": "must have at most 5 characters"}),
        ({"columns": ["a", 1]}, {"/params/columns/1": "must be a text"}),
        ({"columns": ["a", "a"]}, {"/params/columns": "must not name anything twice"}),
        ({"columns": [], "mode": "slow"}, {"/params/mode": "must be one of fast, exact"}),
        ({"columns": [], "limit": 0}, {"/params/limit": "must be ≥ 1"}),
        ({"columns": [], "a/b~c": 1}, {"/params/a~1b~0c": "must be true or false"}),
        ({"columns": [], "bins": "ten"}, {"/params/bins": "must be a whole number or a list"}),
        ({"columns": [], "bins": []}, {"/params/bins": "must have at least 1 entry"}),
        ({"columns": [], "bins": [1, "two"]}, {"/params/bins/1": "must be a number"}),
        ({"columns": [], "span": {}}, {"/params/span": "must have from or to"}),
        ({"columns": [], "span": {"to": "x"}}, {"/params/span/to": "must be a number"}),
        ({"columns": [], "shape": 1}, {"/params/shape": "must be an object"}),
        ({"columns": [], "shape": {}}, {"/params/shape/is": "is missing"}),
        ({"columns": [], "shape": {"is": "flat"}}, {"/params/shape/is": "must be one of round, square"}),
        ({"columns": [], "shape": {"is": ["round"]}}, {"/params/shape/is": "must be one of round, square"}),
        ({"columns": [], "shape": {"is": "round"}}, {"/params/shape/radius": "is missing"}),
        ({"columns": [], "shape": {"is": "round", "radius": -1}}, {"/params/shape/radius": "must be ≥ 0"}),
        ({"columns": [], "mode_or_count": 0}, {"/params/mode_or_count": "must be ≥ 1"}),
        ({"columns": [], "mode_or_count": "some"}, {"/params/mode_or_count": "must be one of auto, all"}),
        ({"columns": [], "mode_or_count": []}, {"/params/mode_or_count": "must be auto or all or a whole number"}),
        ({"columns": [], "both_or_one": {"a": 1}}, {"/params/both_or_one": "must have b or c"}),
        ({"columns": [], "both_or_one": {"b": 1, "d": 1}}, {"/params/both_or_one": "must have a or c"}),
        ({"columns": [], "deep": {"a": {}, "b": {}}}, {"/params/deep/b/q": "is missing"}),
        ({"columns": [], "never": 1}, {"/params/never": "must be a text"}),
        ({"columns": [], "nothing": 1}, {"/params/nothing": "1 is not valid under any of the given schemas"}),
        ({"columns": [], "many": {}}, {f"/params/many/{name}": "is missing" for name in "pqrs"}),
        ({"columns": [], "strange": ""}, {"/params/strange": "must have at least 1 character"}),
    ],
)  # fmt: skip
def test_each_fault_names_its_place_and_what_is_wanted(params: Mapping[str, Any], expected: Mapping[str, str]) -> None:
    assert faults(params) == expected


def test_of_what_was_meant_every_fault_is_told_and_nothing_of_what_was_not() -> None:
    assert faults({"columns": [], "shape": {"is": "square", "radius": 1}}) == {
        "/params/shape/side": "is missing",
        "/params/shape/radius": "is no parameter; there are is, side",
    }


def test_a_misspelt_parameter_is_told_what_there_is() -> None:
    assert faults({"columns": [], "mod": 1})["/params/mod"].startswith("is no parameter; there are columns, quantiles")


def test_params_that_fit_pass() -> None:
    check_params({"columns": ["a"], "quantiles": [0, 1.0], "limit": None, "mode": "fast"}, kind=kind(SCHEMA))


MANY_NAMES = {"is": "round"} | dict.fromkeys(map(str, range(50)))


@pytest.mark.parametrize("params", [{"columns": [*range(500)]}, {"columns": [], "shape": MANY_NAMES}])
def test_the_number_of_faults_is_bounded(params: Mapping[str, Any]) -> None:
    assert len(faults(params)) == 20


def test_a_fault_is_told_once_however_many_rules_found_it() -> None:
    with pytest.raises(TaskParamsError) as caught:
        check_params({}, kind=kind({"required": ["a", "b"], "allOf": [{"required": ["a"]}]}))

    assert [fault.pointer for fault in caught.value.faults] == ["/params/a", "/params/b"]


def test_a_reference_to_the_outside_is_never_followed() -> None:
    with pytest.raises(Unresolvable):
        check_params({}, kind=kind({"$ref": "http://127.0.0.1:9/schema.json"}))


@given(st.lists(st.text(alphabet="a~/01 ", max_size=5)))
def test_a_pointer_leads_back_to_its_parts(parts: list[str]) -> None:
    read = [part.replace("~1", "/").replace("~0", "~") for part in pointer(parts).split("/")[1:]]

    assert read == parts


def test_a_verdict_is_remembered_for_the_same_params_alone() -> None:
    judge = Judge({"type": "object", "properties": {"n": {"type": "integer", "maximum": 1}}})

    for _ in range(2):  # the second time out of memory
        assert list(judge.faults({"n": 1})) == []
        assert len(list(judge.faults({"n": True}))) == 1
        assert len(list(judge.faults({"n": 2}))) == 1


def test_a_judge_forgets_the_oldest_verdicts_and_stays_right() -> None:
    judge = Judge({"type": "object", "properties": {"n": {"maximum": MOST_KNOWN + 10}}})

    for number in range(MOST_KNOWN + 20):
        assert len(list(judge.faults({"n": number}))) == int(number > MOST_KNOWN + 10)
    assert list(judge.faults({"n": 0})) == []
