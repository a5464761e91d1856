"""Whatever schema a stranger's kind announces, and whatever params come: faults in words, and no error of ours."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from gateway.schema_faults import LONGEST_DETAIL, faults_of

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
    for error in Draft202012Validator(schema).iter_errors(params):
        faults = list(faults_of(error))

        assert faults
        for fault in faults:
            assert fault.pointer.startswith("/params")
            assert 0 < len(fault.detail.removeprefix("must be ")) <= LONGEST_DETAIL
