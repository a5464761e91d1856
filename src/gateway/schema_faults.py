"""What a JSON Schema finds wrong with params, in words: where it is, and what is wanted there.

Where one of several schemas would do (`anyOf`, `oneOf`), a person means one of them and wants to hear of that alone. It
is the one that a property names (`discriminator`, as in OpenAPI), else the only one that takes values of this type. If
several could be meant, the fault that a validator of JSON Schema thinks most to the point is told.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jsonschema import ValidationError
from jsonschema.exceptions import best_match

from gateway.errors import Fault
from gateway.json_pointer import pointer

LONGEST_DETAIL: Final = 300

# Keyword of the schema → what it wants, in words.
WANTED: Final[Mapping[str, Callable[[Any], str]]] = {
    "type": lambda wanted: f"must be {_either(_articles(wanted))}",
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


def faults_of(error: ValidationError) -> Iterator[Fault]:
    """What is wrong, in the params of a task."""
    path = ("params", *error.absolute_path)
    match error.validator:
        case "anyOf" | "oneOf" if error.context:
            yield from _faults_of_branches(error)
        case "additionalProperties" if isinstance(error.instance, dict):
            known = error.schema.get("properties", {})
            for name in sorted(set(error.instance) - set(known)):
                yield _fault((*path, name), f"is no parameter; there are {_listed(known)}")
        case "required" if isinstance(error.instance, dict):
            for name in _missing(error):
                yield _fault((*path, name), "is missing")
        case word if word in WANTED:
            yield _fault(path, WANTED[word](error.validator_value))
        case _:
            yield _fault(path, error.message)


def _faults_of_branches(error: ValidationError) -> Iterator[Fault]:
    path = ("params", *error.absolute_path)
    branches = _branches(error)
    match error.schema.get("discriminator"):
        case {"propertyName": str(tag), "mapping": dict(tags)} if isinstance(error.instance, dict) and tags:
            if error.instance.get(tag) not in list(tags):  # any JSON value
                yield _fault((*path, tag), f"must be one of {_listed(tags)}" if tag in error.instance else "is missing")
                return
            meant = [branch for branch in branches if not any(list(one.relative_path) == [tag] for one in branch)]
            branches = meant or branches
    fitting = [branch for branch in branches if not any(_is_of_another_type(one) for one in branch)]
    if not fitting:
        wanted = _either(word for branch in branches for one in branch for word in _words(one))
        yield _fault(path, f"must be {wanted}" if wanted else error.message)
    elif len(fitting) == 1:
        for one in fitting[0]:
            yield from faults_of(one)
    elif all(_lacks_one_name(branch) for branch in fitting):
        names = dict.fromkeys(str(name) for branch in fitting for name in _missing(branch[0]))
        yield _fault(path, f"must have {' or '.join(names)}")
    else:
        every = [one for branch in fitting for one in branch]
        wrong = [one for one in every if one.validator != "required"]  # says more than what else could be there
        yield from faults_of(best_match(wrong or every))


def _fault(path: Iterable[object], detail: str) -> Fault:
    return Fault(pointer=pointer(path), detail=detail[:LONGEST_DETAIL])


def _branches(error: ValidationError) -> list[list[ValidationError]]:
    """The errors by the schema that found them."""
    found: dict[object, list[ValidationError]] = {}
    for one in error.context:
        which = one.relative_schema_path[0] if one.relative_schema_path else one  # `false` as a schema has no path
        found.setdefault(which, []).append(one)
    return list(found.values())


def _missing(error: ValidationError) -> list[object]:
    return [name for name in error.validator_value if name not in error.instance]


def _lacks_one_name(branch: list[ValidationError]) -> bool:
    """Whether all that a branch misses is one property of the value itself."""
    one = branch[0]
    return len(branch) == 1 and one.validator == "required" and not one.relative_path and len(_missing(one)) == 1


def _is_of_another_type(error: ValidationError) -> bool:
    """Whether the schema that found this takes no value of this type at all."""
    if error.relative_path:
        return False
    match error.validator:
        case "type" | None:  # None: the schema `false`
            return True
        case "const":
            return _type(error.validator_value) != _type(error.instance)
        case "enum":
            return all(_type(value) != _type(error.instance) for value in error.validator_value)
        case _:
            return False


def _type(value: object) -> object:
    return (int, float) if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def _words(error: ValidationError) -> list[str]:
    """What would have been of the right type."""
    match error.validator:
        case "type":
            return _articles(error.validator_value)
        case "const":
            return [_listed([error.validator_value])]
        case "enum":
            return [_listed([value]) for value in error.validator_value]
        case _:
            return []


def _articles(types: str | list[str]) -> list[str]:
    return [ARTICLES.get(name, name) for name in ([types] if isinstance(types, str) else types)]


def _entries(number: int) -> str:
    return f"{number} entr{'y' if number == 1 else 'ies'}"


def _either(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values) or "none"
