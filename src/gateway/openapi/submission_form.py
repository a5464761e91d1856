"""A task as a form: its files, and the fields of the JSON."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from common.words import ANY_INPUT
from gateway.kinds import OfferedKind
from gateway.openapi.operation import reference

DATASET: Final = {"type": "string", "format": "uuid"}
FILE: Final = {"type": "string", "format": "binary", "minLength": 1, "contentMediaType": "application/octet-stream"}


def form_of(plain: Mapping[str, Any], kinds: Collection[OfferedKind]) -> Mapping[str, Any]:
    """A task as a form: each file is an input, and others are datasets that are there."""
    inputs = sorted({name for kind in kinds for name in kind.input_names} - {ANY_INPUT})
    needed = [name for name in inputs if all(name in kind.needed_inputs for kind in kinds)]
    takes_any = any(ANY_INPUT in kind.inputs for kind in kinds)
    params = [reference(f"Params-{kind.name}") for kind in kinds]
    fields = {
        "kind": {"type": "string", "enum": [kind.name for kind in kinds]},
        "inputs": plain["properties"]["inputs"] if takes_any else _some_inputs(inputs),
        "params": params[0] if len(params) == 1 else {"anyOf": params},
    }
    others = {name: _not_null(schema) for name, schema in plain["properties"].items() if name not in fields}
    return {
        "type": "object",
        "description": "Each file is an input of the kind; what is a dataset already stands in `inputs`, by its id. "
        "`inputs` and `params` as JSON, `tags` once for each.",
        "properties": {**fields, **dict.fromkeys(inputs, FILE), **others},
        "required": ["kind"],
        **({"allOf": [_as_file_or_dataset(name) for name in needed]} if needed else {}),
        "additionalProperties": FILE if takes_any else False,
    }


def _some_inputs(names: Iterable[str]) -> Mapping[str, Any]:
    """Datasets by these names, or by some of them."""
    return {"type": "object", "properties": dict.fromkeys(names, DATASET), "additionalProperties": False}


def _as_file_or_dataset(name: str) -> Mapping[str, Any]:
    """That an input comes, and comes once."""
    as_dataset = {"required": ["inputs"], "properties": {"inputs": {"required": [name]}}}
    return {"oneOf": [{"required": [name]}, as_dataset]}


def without_reuse(form: Mapping[str, Any]) -> Mapping[str, Any]:
    """The form of a task with an id of one's own, which is a new one."""
    fields = form.get("properties", {})
    return {**form, "properties": {name: fields[name] for name in fields if name != "reuse"}}


def _not_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """A field of a form is there or not."""
    return schema["anyOf"][0] if "anyOf" in schema else schema
