"""Checks a task's params against the JSON Schema of its kind, and says of each fault where it is and what is wanted."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
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
    "minLength": lambda wanted: f"must have at least {wanted} character{'s' * (wanted != 1)}",
    "maxLength": lambda wanted: f"must have at most {wanted} character{'s' * (wanted != 1)}",
    "pattern": lambda wanted: f"must match {wanted}",
    "minItems": lambda wanted: f"must have at least {_entries(wanted)}",
    "maxItems": lambda wanted: f"must have at most {_entries(wanted)}",
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
        faults.extend(islice(_faults(error), MOST_FAULTS))
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
        case "anyOf" | "oneOf" if error.context:
            yield from _faults_of_branches(error)
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


def _faults_of_branches(error: ValidationError) -> Iterator[Fault]:
    """What is wrong where several schemas would have done: told by the one that was meant, if that can be seen.

    It can where a property tells them apart (`discriminator`), and where only one of them takes values of this type.
    """
    path = ("params", *error.absolute_path)
    branches = _branches(error)
    match error.schema.get("discriminator"):
        case {"propertyName": str(tag), "mapping": dict(tags)} if isinstance(error.instance, dict):
            if error.instance.get(tag) not in list(tags):  # any JSON value
                detail = f"must be one of {_listed(tags)}" if tag in error.instance else "is missing"
                yield Fault(pointer=pointer((*path, tag)), detail=detail[:LONGEST_DETAIL])
                return
            meant = [branch for branch in branches if not any(list(one.relative_path) == [tag] for one in branch)]
            branches = meant or branches
    fitting = [branch for branch in branches if not any(_is_of_another_type(one) for one in branch)]
    if not fitting:
        yield Fault(pointer=pointer(path), detail=f"must be {_either(_types(branches))}"[:LONGEST_DETAIL])
    elif len(fitting) == 1:
        for one in fitting[0]:
            yield from _faults(one)
    elif all(one.validator == "required" for branch in fitting for one in branch):
        names = [name for branch in fitting for name in branch[0].validator_value]
        yield Fault(pointer=pointer(path), detail=f"must have {' or '.join(names)}"[:LONGEST_DETAIL])
    else:
        every = [one for branch in fitting for one in branch]
        wrong = [one for one in every if one.validator != "required"]  # says more than what else could be there
        yield from _faults(best_match(wrong or every))


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The errors by the schema that found them."""
    found: dict[object, list[ValidationError]] = {}
    for one in error.context:
        found.setdefault(one.relative_schema_path[0], []).append(one)
    return list(found.values())


def _is_of_another_type(error: ValidationError) -> bool:
    return error.validator == "type" and not error.relative_path


def _types(branches: Iterable[Iterable[ValidationError]]) -> list[str]:
    """All types that would have done, each once."""
    wanted = [one.validator_value for branch in branches for one in branch if _is_of_another_type(one)]
    return list(dict.fromkeys(name for types in wanted for name in ([types] if isinstance(types, str) else types)))


def _entries(number: int) -> str:
    return f"{number} entr{'y' if number == 1 else 'ies'}"


def _either(types: str | list[str]) -> str:
    return " or ".join(ARTICLES.get(name, name) for name in ([types] if isinstance(types, str) else types))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values) or "none"
