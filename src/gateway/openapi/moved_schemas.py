"""A schema that stood alone, as components of a document: pointers mean the whole of it, so they lead elsewhere now."""

from collections.abc import Mapping
from typing import Any, Final

SCHEMAS: Final = "#/components/schemas/"

# Words of JSON Schema beside which schemas stand; what stands beside others is data, whatever it looks like.
ONE: Final = frozenset(
    {
        *("items", "contains", "additionalProperties", "propertyNames", "unevaluatedItems", "unevaluatedProperties"),
        *("not", "if", "then", "else", "contentSchema"),
    }
)
SEVERAL: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
BY_NAME: Final = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs"})


def components_of(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as a component of this name; each of its definitions is one, too."""
    own = dict(schema)
    definitions = own.pop("$defs", {})
    moved = {f"{name}-{inner}": schema for inner, schema in definitions.items()}
    return {each: _moved(schema, name) for each, schema in {name: own, **moved}.items()}


def _moved(schema: Any, name: str) -> Any:
    if not isinstance(schema, dict):
        return schema
    return {word: _moved_part(word, value, name) for word, value in schema.items()}


def _moved_part(word: str, value: Any, name: str) -> Any:
    match value:
        case str() if word == "$ref":
            return _moved_reference(value, name)
        case {"mapping": {**mapping}} if word == "discriminator":
            return {**value, "mapping": {tag: _moved_reference(target, name) for tag, target in mapping.items()}}
        case dict() if word in BY_NAME:
            return {each: _moved(schema, name) for each, schema in value.items()}
        case list() if word in SEVERAL:
            return [_moved(schema, name) for schema in value]
        case _ if word in ONE:
            return _moved(value, name)
        case _:
            return value


def _moved_reference(target: object, name: str) -> object:
    if not isinstance(target, str) or not (target == "#" or target.startswith("#/")):
        return target
    within = target.removeprefix("#")
    if within.startswith("/$defs/"):
        return f"{SCHEMAS}{name}-{within.removeprefix('/$defs/')}"
    return f"{SCHEMAS}{name}{within}"
