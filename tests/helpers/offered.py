"""Kinds as the gateway has them once a processor announced them."""

from typing import Any

from gateway.judge import Judge
from gateway.kinds import OfferedKind
from processor.kind import Kind
from processor.result_schema import result_schema


def offered(kind: Kind[Any]) -> OfferedKind:
    """The kind, served by one processor."""
    schema = kind.params.model_json_schema()
    return OfferedKind(
        name=kind.name,
        version=kind.version,
        title=kind.title,
        summary=kind.summary,
        inputs=kind.inputs,
        example=kind.example,
        params_schema=schema,
        result_schema=result_schema(kind.name, kind.result),
        processors=1,
        judge=Judge(schema),
    )
