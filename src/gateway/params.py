"""Checks a task's params against the JSON Schema of its kind, and says of each fault where it is and what is wanted."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import ValidationError
from jsonschema.exceptions import best_match

from gateway.errors import Fault, TaskParamsError
from gateway.kinds import OfferedKind

MOST_FAULTS: Final = 20
LONGEST_DETAIL: Final = 300

# Keyword of the schema → what it wants, in words.
WANTED: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": lambda wanted: f"must be {_either(wanted)}",
    "enum": lambda wanted: f"must be one of {_listed(wanted)}",
    "const": lambda wanted: f"must be {json.dumps(wanted)}",
    "minimum": lambda wanted: f"must be ≥ {wanted}",
    "maximum": lambda wanted: f"must be ≤ {wanted}",
    "exclusiveMinimum": lambda wanted: f"must be > {wanted}",
    "exclusiveMaximum": lambda wanted: f"must be < {wanted}",
    "multipleOf": lambda wanted: f"must be a multiple of {wanted}",
    "minLength": lambda wanted: f"must have at least {wanted} characters",
    "maxLength": lambda wanted: f"must have at most {wanted} characters",
    "pattern": lambda wanted: f"must match {wanted}",
    "minItems": lambda wanted: f"must have at least {wanted} entries",
    "maxItems": lambda wanted: f"must have at most {wanted} entries",
    "uniqueItems": lambda _wanted: "must not name anything twice",
}
ARTICLES: Final = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false",
                   "array": "a list", "object": "an object", "null": "null"}  # fmt: skip


def check_params(params: Mapping[str, Any], *, kind: OfferedKind) -> None:
    """Pass if the params fit the kind.

    Raises:
        TaskParamsError: they do not.
    """
    faults: list[Fault] = []
    for error in kind.judge.faults(params):
        faults.extend(_faults(best_match([error])))
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        faults.sort(key=lambda fault: fault.pointer)
        raise TaskParamsError(faults, advice=f"The parameters of {kind.name} are described at /v1/kinds.")


def pointer(parts: Iterable[object]) -> str:
    """A JSON Pointer (RFC 6901) from its parts."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def _faults(error: ValidationError) -> Iterator[Fault]:
    path = ("params", *error.absolute_path)
    match error.validator:
        case "additionalProperties" if isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            for name in sorted(set(error.instance) - set(known)):
                yield Fault(pointer=pointer((*path, name)), detail=f"is no parameter; there are {_listed(known)}")
        case "required" if isinstance(error.instance, dict):
            for name in error.validator_value:
                if name not in error.instance:
                    yield Fault(pointer=pointer((*path, name)), detail="is missing")
        case word if word in WANTED:
            yield Fault(pointer=pointer(path), detail=WANTED[word](error.validator_value)[:LONGEST_DETAIL])
        case _:
            yield Fault(pointer=pointer(path), detail=error.message[:LONGEST_DETAIL])


def _either(types: str | list[str]) -> str:
    return " or ".join(ARTICLES.get(name, name) for name in ([types] if isinstance(types, str) else types))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values) or "none"
