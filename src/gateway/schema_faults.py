"""What a JSON Schema finds wrong with params, in words: where it is, and what is wanted there.

Where one of several schemas would do (`anyOf`, `oneOf`), a person means one of them and wants to hear of that alone. It
is the one that a property names (`discriminator`, as in OpenAPI), else the only one that takes values of this type. If
several could be meant, the fault that is nearest to the value is told.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.complaint import Complaint, Path
from gateway.faults import Fault
from gateway.json_pointer import short_pointer

LONGEST_DETAIL: Final = 300
NOTHING_FITS: Final = "is nothing that the kind's schema allows here"

# Keyword of the schema (None: it is `false`) → what it wants, in words.
WANTED: Final[Mapping[str | None, Callable[[Any], str]]] = {
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
    "minProperties": lambda wanted: f"must have at least {_names(wanted)}",
    "maxProperties": lambda wanted: f"must have at most {_names(wanted)}",
    "uniqueItems": lambda _wanted: "must not name anything twice",
    "contains": lambda _wanted: "has not as many entries of one kind as it must have",
    "unevaluatedProperties": lambda _wanted: "has a name that may not be there",
    "unevaluatedItems": lambda _wanted: "has an entry that may not be there",
    None: lambda _wanted: "must not be there",
    "not": lambda _wanted: "is just what it must not be",
}
ARTICLES: Final = {"integer": "a whole number", "number": "a number", "string": "a text", "boolean": "true or false",
                   "array": "a list", "object": "an object", "null": "null"}  # fmt: skip


def faults_of(complaint: Complaint) -> Iterator[Fault]:
    """What is wrong, in the params of a task."""
    match complaint.word:
        case "anyOf" | "oneOf":
            yield from _faults_of_branches(complaint)
        case "discriminator":
            tag = complaint.wanted["propertyName"]
            wanted = f"must be one of {_listed(complaint.names)}" if tag in complaint.value else "is missing"
            yield _fault((*complaint.path, tag), wanted)
        case "additionalProperties":
            known = _listed(complaint.schema.get("properties", {}))
            for name in complaint.names:
                yield _fault((*complaint.path, name), f"is no parameter; there are {known}")
        case "propertyNames":
            yield _fault(complaint.path, f"a name in it {_first_detail(complaint)}")
        case "required":
            for name in _missing(complaint):
                yield _fault((*complaint.path, name), "is missing")
        case "dependentRequired":
            for there, name in _missing_beside(complaint):
                yield _fault((*complaint.path, name), f"is missing: it belongs to {there}")
        case word:
            yield _fault(complaint.path, WANTED[word](complaint.wanted) if word in WANTED else NOTHING_FITS)


def _faults_of_branches(complaint: Complaint) -> Iterator[Fault]:
    branches = complaint.branches
    if not branches:
        yield _fault(complaint.path, "may be read in more than one way; just one is wanted")
        return
    fitting = [branch for branch in branches if not any(_is_of_another_type(one, complaint) for one in branch)]
    if not fitting:
        wanted = _either(word for branch in branches for one in branch for word in _words(one))
        yield _fault(complaint.path, f"must be {wanted}" if wanted else NOTHING_FITS)
    elif len(fitting) == 1:
        for one in fitting[0]:
            yield from faults_of(one)
    elif all(_lacks_one_name(branch, complaint) for branch in fitting):
        names = dict.fromkeys(str(name) for branch in fitting for name in _missing(branch[0]))
        yield _fault(complaint.path, f"must have {' or '.join(names)}")
    else:
        every = [one for branch in fitting for one in branch]
        wrong = [one for one in every if one.word != "required"]  # says more than what else could be there
        yield from faults_of(min(wrong or every, key=_distance))


def _distance(complaint: Complaint) -> tuple[int, bool]:
    """How far inside a value something is wrong; what has forms of its own says less."""
    return len(complaint.path), complaint.word in {"anyOf", "oneOf"}


def _first_detail(complaint: Complaint) -> str:
    return next((fault.detail for one in complaint.branches[0] for fault in faults_of(one)), NOTHING_FITS)


def _fault(path: Path, detail: str) -> Fault:
    place, beginning = short_pointer(("params", *path))
    return Fault(pointer=place, detail=(beginning + detail)[:LONGEST_DETAIL])


def _missing(complaint: Complaint) -> list[str]:
    return [name for name in complaint.wanted if name not in complaint.value]


def _missing_beside(complaint: Complaint) -> list[tuple[str, str]]:
    there = complaint.value
    return [
        (one, name) for one, names in complaint.wanted.items() if one in there for name in names if name not in there
    ]


def _lacks_one_name(branch: Sequence[Complaint], about: Complaint) -> bool:
    """Whether all that a branch misses is one property of the value itself."""
    one = branch[0]
    return len(branch) == 1 and one.word == "required" and one.path == about.path and len(_missing(one)) == 1


def _is_of_another_type(complaint: Complaint, about: Complaint) -> bool:
    """Whether the schema that complains takes no value of this type at all."""
    if complaint.path != about.path:
        return False
    match complaint.word:
        case "type" | None:  # None: the schema `false`
            return True
        case "const":
            return _type(complaint.wanted) != _type(complaint.value)
        case "enum":
            return all(_type(value) != _type(complaint.value) for value in complaint.wanted)
        case _:
            return False


def _type(value: object) -> object:
    return (int, float) if isinstance(value, int | float) and not isinstance(value, bool) else type(value)


def _words(complaint: Complaint) -> list[str]:
    """What would have been of the right type."""
    match complaint.word:
        case "type":
            return _articles(complaint.wanted)
        case "const":
            return [_listed([complaint.wanted])]
        case "enum":
            return [_listed([value]) for value in complaint.wanted]
        case _:
            return []


def _articles(types: str | list[str]) -> list[str]:
    return [ARTICLES.get(name, name) for name in ([types] if isinstance(types, str) else types)]


def _entries(number: int) -> str:
    return f"{number} entr{'y' if number == 1 else 'ies'}"


def _names(number: int) -> str:
    return f"{number} name{'s' * (number != 1)}"


def _either(words: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(words))


def _listed(values: Iterable[object]) -> str:
    return ", ".join(value if isinstance(value, str) else json.dumps(value) for value in values) or "none"
