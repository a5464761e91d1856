"""The JSON Schema (2020-12) of a kind's results: the envelope that all share, around what the kind says of its own.

A kind gives definitions: `Summary`, `Data`, `Partial` (what it pushes while it runs; left out: as `Data`), and whatever
these refer to. What it leaves out may be any object.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_COUNT: Final = {"type": "integer", "minimum": 0}
_INPUT: Final = {
    "type": "object",
    "properties": {
        "filename": {"type": "string"},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "bytes": _COUNT,
        "rows": {"description": "Rows read of it; null where it was not counted.", "anyOf": [_COUNT, {"type": "null"}]},
    },
    "required": ["filename", "sha256", "bytes", "rows"],
}
_WARNING: Final = {
    "type": "object",
    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
    "required": ["code", "message"],
}
_ARTIFACT: Final = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "bytes": _COUNT, "media_type": {"type": "string"}},
    "required": ["name", "bytes", "media_type"],
}
_ENVELOPE: Final[Mapping[str, Any]] = {
    "version": {"type": "string"},
    "engine": {
        "description": "What computed it, with its version.",
        "type": "object",
        "additionalProperties": {"type": "string"},
    },
    "inputs": {"description": "By their names.", "type": "object", "additionalProperties": _INPUT},
    "timings": {
        "description": "Seconds by phase.",
        "type": "object",
        "additionalProperties": {"type": "number", "minimum": 0},
    },
    "warnings": {"type": "array", "items": _WARNING},
    "summary": {"$ref": "#/$defs/Summary"},
    "data": {"$ref": "#/$defs/Data"},
    "artifacts": {"type": "array", "items": _ARTIFACT},
}


def definitions_of(path: Path) -> Mapping[str, object]:
    """The definitions (`$defs`) of a schema in a file beside a kind; read when the kind is imported."""
    definitions: Mapping[str, object] = json.loads(path.read_bytes())["$defs"]
    return definitions


def result_schema(kind: str, definitions: Mapping[str, object]) -> dict[str, object]:
    """The schema of a whole result of `kind`; that of its partial results is in it, as `#/$defs/Partial`.

    Fields may be added to the envelope, so it allows others; whether summary and data do is the kind's to say.
    """
    unsaid = {"Summary": {"type": "object"}, "Data": {"type": "object"}, "Partial": {"$ref": "#/$defs/Data"}}
    properties = {"kind": {"const": kind}, **_ENVELOPE}
    return {
        "$schema": DIALECT,
        "title": f"Result of {kind}",
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "$defs": {**unsaid, **definitions},
    }
