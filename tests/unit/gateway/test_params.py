"""Params against the kind's schema: each fault names its place."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import TaskParamsError
from gateway.json_pointer import pointer
from gateway.judge import Judge
from gateway.kinds import OfferedKind
from gateway.params import check_params
from gateway.patience import Patience

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
        ({"columns": [], "deep": {"a": {}, "b": {}}}, {"/params/deep/a/p": "is missing"}),
        ({"columns": [], "never": 1}, {"/params/never": "must be a text"}),
        ({"columns": [], "nothing": 1}, {"/params/nothing": "is nothing that the kind's schema allows here"}),
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


@pytest.mark.parametrize(
    "schema",
    [{"$ref": "http://127.0.0.1:9/schema.json"}, {"$ref": "file:///etc/hostname"}, {"$ref": "#/$defs/none"},
     {"type": "quatsch"}, {"pattern": "("}],
)  # fmt: skip
def test_what_a_schema_of_a_stranger_cannot_judge_is_left_to_the_processor(
    schema: Mapping[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    check_params({"a": 1}, kind=kind(schema))

    assert "only processors judge them" in caplog.text


TREE = {
    "$defs": {
        "tree": {
            "oneOf": [
                {"properties": {"k": {"$ref": "#/$defs/tree"}}, "required": ["k"], "additionalProperties": False},
                {"properties": {"k": {"$ref": "#/$defs/tree"}}, "required": ["k", "z"]},
            ]
        }
    },
    "properties": {"t": {"$ref": "#/$defs/tree"}},
}


def test_a_schema_that_contains_itself_several_times_is_inspected_in_bounded_time() -> None:
    tree: dict[str, Any] = {"x": 1}
    for _ in range(60):
        tree = {"k": tree}
    with pytest.raises(TaskParamsError) as caught:
        check_params({"t": tree}, kind=kind(TREE))

    (fault,) = caught.value.faults
    assert fault.pointer.startswith("/params/t/k/k")


def test_of_many_wrong_names_at_one_place_the_first_is_told_and_the_others_are_not_looked_at() -> None:
    schema = {"properties": {"m": {"propertyNames": {"maxLength": 3}}}}
    params = {"m": {"abc": 1, **{f"name{number}": 1 for number in range(50_000)}}}
    (complaint,) = Judge(schema).complaints(params)

    assert (complaint.path, complaint.names) == (("m",), ["name0"])


def test_what_is_wrong_after_a_hundred_thousand_right_entries_is_told_at_its_place() -> None:
    params = {"columns": [*map(str, range(100_000)), 5]}
    with pytest.raises(TaskParamsError) as caught:
        check_params(params, kind=kind(SCHEMA), patience=Patience(most_cpu_s=60))

    assert [fault.pointer for fault in caught.value.faults] == ["/params/columns/100000"]


def test_what_nobody_has_patience_for_is_told_of_what_is_around_it() -> None:
    with pytest.raises(TaskParamsError) as caught:
        check_params({"columns": ["a", 5]}, kind=kind(SCHEMA), patience=Patience(most_looks=2))

    assert [fault.pointer for fault in caught.value.faults] == ["/params/columns/1"]


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}, {"required": ["a"]}]}])
def test_a_schema_that_refers_to_itself_without_end_ends(schema: Mapping[str, Any]) -> None:
    check_params({"a": 1}, kind=kind(schema))
    if "allOf" in schema:
        with pytest.raises(TaskParamsError):
            check_params({}, kind=kind(schema))


def test_a_pattern_that_takes_for_ever_elsewhere_is_answered() -> None:
    pattern = {"properties": {"a": {"pattern": "^(a+)+$"}, "b": {"pattern": "^(?=a)(a|a)*\\1$"}}}
    with pytest.raises(TaskParamsError) as caught:
        check_params({"a": "a" * 200 + "!", "b": "a" * 200 + "!"}, kind=kind(pattern))

    assert [fault.pointer for fault in caught.value.faults] == ["/params/a", "/params/b"]


def test_a_line_end_is_no_end_of_a_text() -> None:
    with pytest.raises(TaskParamsError):
        check_params({"a": "int32\n"}, kind=kind({"properties": {"a": {"pattern": "^int32$"}}}))


def test_what_is_too_large_is_not_looked_into() -> None:
    schema = {"properties": {"a": {"items": {"type": "integer"}, "maxItems": 9}}}
    with pytest.raises(TaskParamsError) as caught:
        check_params({"a": ["x"] * 10}, kind=kind(schema))

    assert [fault.detail for fault in caught.value.faults] == ["must have at most 9 entries"]


def test_half_a_character_is_judged_as_one_that_nobody_knows() -> None:
    schema = {"additionalProperties": {"enum": ["x"]}, "maxProperties": 3, "propertyNames": {"maxLength": 1}}
    check_params({"\ud800": "x"}, kind=kind(schema))
    with pytest.raises(TaskParamsError) as caught:
        check_params({"a": "\udfff"}, kind=kind(schema))

    assert [fault.detail for fault in caught.value.faults] == ["must be one of x"]


@pytest.mark.parametrize(
    ("schema", "params", "expected"),
    [
        ({"minProperties": 1}, {}, {"/params": "must have at least 1 name"}),
        ({"maxProperties": 2}, dict.fromkeys("abc"), {"/params": "must have at most 2 names"}),
        ({"not": {"required": ["a"]}}, {"a": None}, {"/params": "is just what it must not be"}),
        ({"dependentRequired": {"a": ["b"]}}, {"a": 1}, {"/params/b": "is missing: it belongs to a"}),
        ({"properties": {"a": {}}, "unevaluatedProperties": False}, {"b": None},
         {"/params": "has a name that may not be there"}),
        ({"properties": {"a": False}}, {"a": None}, {"/params/a": "must not be there"}),
        ({"oneOf": [{"type": "object"}, {"required": ["a"]}]}, {"a": 1},
         {"/params": "may be read in more than one way; just one is wanted"}),
        ({"properties": {"m": {"propertyNames": {"maxLength": 3}}}}, {"m": {"abcd": 1}},
         {"/params/m": "a name in it must have at most 3 characters"}),
        ({"properties": {"a": {}}, "patternProperties": {"^x-": {}}, "additionalProperties": False},
         {"x-1": 1, "b": 2}, {"/params/b": "is no parameter; there are a"}),
        ({"patternProperties": {"^x-": {"type": "integer"}}}, {"x-1": "a"}, {"/params/x-1": "must be a whole number"}),
        ({"oneOf": [{"properties": {"k": {"const": "a"}}, "required": ["k"]},
                    {"properties": {"k": {"const": "b"}, "z": {"type": "integer"}}, "required": ["k", "z"]}],
          "discriminator": {"propertyName": "k"}}, {"k": "b", "z": "x"}, {"/params/z": "must be a whole number"}),
        ({"items": {}, "properties": {"m": {"contains": {"const": 1}}}}, {"m": [2]},
         {"/params/m": "has not as many entries of one kind as it must have"}),
        ({"properties": {"m": {"prefixItems": [{"type": "integer"}], "items": False}}}, {"m": [1, 2]},
         {"/params/m/1": "must not be there"}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1}, {"/params/b": "is missing"}),
    ],
)  # fmt: skip
def test_any_word_of_a_schema_is_said_in_words(
    schema: Mapping[str, Any], params: Mapping[str, Any], expected: Mapping[str, str]
) -> None:
    with pytest.raises(TaskParamsError) as caught:
        check_params(params, kind=kind(schema))

    assert {fault.pointer: fault.detail for fault in caught.value.faults} == expected


@pytest.mark.parametrize("params", [{"x" * 900_000: 1}, {"shape": {"is": "round", "radius": 1, "x" * 900_000: 1}}])
def test_a_name_that_is_too_long_to_be_repeated_is_cut(params: Mapping[str, Any]) -> None:
    told = faults({"columns": [], **params})
    ((place, detail),) = told.items()

    assert place in {"/params", "/params/shape"}
    assert detail.startswith("x" * 60 + "…: is no parameter; there are ")


def test_entries_are_told_in_the_order_of_their_numbers() -> None:
    with pytest.raises(TaskParamsError) as caught:
        check_params({"columns": [*"abcdefgh", 1, 2, 3, 4, 5], "quantiles": [2]}, kind=kind(SCHEMA))

    assert [fault.pointer for fault in caught.value.faults] == [
        *(f"/params/columns/{number}" for number in range(8, 13)),
        "/params/quantiles/0",
    ]


@given(st.lists(st.text(alphabet="a~/01 ", max_size=5)))
def test_a_pointer_leads_back_to_its_parts(parts: list[str]) -> None:
    read = [part.replace("~1", "/").replace("~0", "~") for part in pointer(parts).split("/")[1:]]

    assert read == parts
