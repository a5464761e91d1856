"""Whatever schema a stranger's kind announces, and whatever params come: faults in words, and no error of ours."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from gateway.judge import Judge
from gateway.schema_faults import LONGEST_DETAIL, faults_of
from processor.kind import Kind, installed_kinds

NAMES = st.sampled_from("abc")
SCALARS: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, 1, -3, 1.5, "", "a", "x", "abc" * 200])
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=8)
TYPES = st.sampled_from(["string", "integer", "object", ["null", "array"]])
DISCRIMINATORS = st.sampled_from(
    [None, "a", {}, {"propertyName": 3}, {"propertyName": "a"}, {"propertyName": "a", "mapping": {"x": "#", "y": "#"}},
     {"propertyName": "a", "mapping": {}}]
)  # fmt: skip


def with_parts(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    several = st.lists(inner, min_size=1, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "anyOf": several,
            "oneOf": several,
            "allOf": several,
            "not": inner,
            "if": inner,
            "then": inner,
            "items": inner,
            "properties": st.dictionaries(NAMES, inner),
            "additionalProperties": inner,
            "propertyNames": inner,
            "unevaluatedProperties": inner,
            "discriminator": DISCRIMINATORS,
            "required": st.lists(NAMES, unique=True),
        },
    )


PLAIN = st.booleans() | st.fixed_dictionaries(
    {},
    optional={
        "type": TYPES,
        "enum": st.lists(SCALARS, min_size=1, max_size=3),
        "const": SCALARS,
        "minimum": st.just(2),
        "minLength": st.integers(1, 2),
        "minItems": st.integers(1, 2),
        "required": st.lists(NAMES, min_size=1, unique=True),
        "dependentRequired": st.just({"a": ["b"]}),
    },
)


@given(schema=st.recursive(PLAIN, with_parts, max_leaves=8), params=st.dictionaries(NAMES, VALUES))
@settings(max_examples=400)
def test_any_fault_of_any_schema_is_said_in_words(schema: Any, params: dict[str, Any]) -> None:
    whole = schema if isinstance(schema, dict) else {"allOf": [schema]}
    complaints = list(Judge(whole).complaints(params))

    assert bool(complaints) is not Draft202012Validator(whole).is_valid(params)
    for complaint in complaints:
        faults = list(faults_of(complaint))
        assert faults
        for fault in faults:
            assert fault.pointer.startswith("/params")
            assert 0 < len(fault.detail.removeprefix("must be ")) <= LONGEST_DETAIL
            assert "None" not in fault.detail
            assert "True" not in fault.detail


@pytest.mark.parametrize("kind", installed_kinds().values(), ids=lambda kind: kind.name)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_params_of_our_kinds_are_judged_as_another_validator_judges_them(kind: Kind[Any], data: st.DataObject) -> None:
    schema = kind.params.model_json_schema()
    params = data.draw(params_like(schema, kind.example))

    assert (list(Judge(schema).complaints(params)) == []) is OtherValidator(schema).is_valid(params)


def ends_as_in_ecma(_validator: object, pattern: str, value: object, _schema: object) -> Iterator[ValidationError]:
    """Python's `$` also matches before a last line end."""
    end = r"\Z" if pattern.endswith("$") else ""
    if isinstance(value, str) and re.search(pattern.removesuffix("$" if end else "") + end, value) is None:
        yield ValidationError("differs")


OtherValidator = extend(Draft202012Validator, {"pattern": ends_as_in_ecma})


TEXTS = [
    "",
    "a",
    "int32",
    "int32\n",
    "text",
    "decimal(38,2)",
    ",",
    "\t",
    "é",
    "😀",
    "csv",
    "xlsx",
    "error",
    "x" * 5_000,
]
ANYTHING = st.recursive(
    st.sampled_from([None, True, False, 0, 1, -1, 1.0, 0.5, 1e300, 10**20, 10**300, *TEXTS]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "min", "rule", *TEXTS]), inner),
    max_leaves=6,
)


def params_like(schema: Mapping[str, Any], example: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Params that break a schema here and there, or nowhere."""
    properties = schema["properties"].items()
    parts = {name: value_like(about, schema) for name, about in properties}
    return st.fixed_dictionaries({}, optional=parts).map(lambda some: {**example, **some}) | st.fixed_dictionaries(
        {}, optional=parts
    )


def value_like(about: Any, whole: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a schema takes, nearly all."""
    match about:
        case {"$ref": str(reference)}:
            return value_like(whole["$defs"][reference.rpartition("/")[2]], whole)
        case {"properties": dict()}:
            return object_like(about, whole)
        case {"oneOf": [*several]} | {"anyOf": [*several]}:
            return st.one_of(ANYTHING, *(value_like(each, whole) for each in several))
        case {"enum": [*values]} | {"const": _, **values}:
            return st.sampled_from([*values, about.get("const", "x")])
        case {"type": "array", "items": items}:
            return st.lists(value_like(items, whole), max_size=3)
        case _:
            return st.sampled_from(TEXTS) | st.sampled_from([0, 1, 5, 1.0, 0.5, -1, 10**20, True]) | ANYTHING


def object_like(about: Any, whole: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    parts = {name: value_like(each, whole) for name, each in about["properties"].items()}
    needed = {name: parts.pop(name) for name in about.get("required", ())}
    return st.fixed_dictionaries(needed, optional=parts)
