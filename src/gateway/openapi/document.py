"""Builds the document from the operations, the shapes, and the kinds that were announced."""

from collections.abc import Collection, Iterable, Mapping
from importlib.metadata import version
from inspect import getmembers, isclass
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from common.words import ANY_INPUT
from gateway.batch import MOST_TASKS
from gateway.cookies import PLAIN
from gateway.kinds import OfferedKind
from gateway.openapi import callers, others, shapes, tasks
from gateway.openapi.moved_schemas import SCHEMAS, components_of
from gateway.openapi.operation import Answer, Operation, reference
from gateway.openapi.submission_form import DATASET, FILE, form_of, without_reuse
from gateway.problems import MEDIA_TYPE, PROBLEMS
from gateway.submission import Changes, Submission

OPERATIONS: Final = (*tasks.OPERATIONS, *others.OPERATIONS, *callers.OPERATIONS)
SECURITY: Final = {
    "key": {"type": "http", "scheme": "bearer"},
    "session": {"type": "apiKey", "in": "cookie", "name": PLAIN},
}
EXAMPLE_DATASET: Final = "01a202b5-f227-7cc4-9a41-a44f52e85de4"


def build_document(kinds: Iterable[OfferedKind], *, most: Mapping[str, int], is_open: bool = True) -> Mapping[str, Any]:
    """The OpenAPI 3.1 document.

    Args:
        kinds: those on offer; the params of each become a component.
        most: the most that a task may ask for, by the name of the limit.
        is_open: nobody needs a key.
    """
    offered = sorted(kinds, key=lambda kind: kind.name)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sundog",
            "version": version("sundog"),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/"}],
        "paths": _paths(offered),
        "components": {"schemas": _schemas(offered, most), "securitySchemes": SECURITY},
        "security": [*([{}] if is_open else []), *({name: []} for name in SECURITY)],
    }


def _paths(kinds: Collection[OfferedKind]) -> Mapping[str, Any]:
    ordered = sorted(OPERATIONS, key=_place)
    return {
        path: {operation.method.lower(): _operation(operation, kinds) for operation in operations}
        for path, operations in groupby(ordered, key=_place)
    }


def _place(operation: Operation) -> str:
    return operation.stands_at or operation.path


def _operation(operation: Operation, kinds: Collection[OfferedKind]) -> Mapping[str, Any]:
    view: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.says,
        "tags": [operation.group],
        "parameters": [parameter.view() for parameter in operation.parameters],
        **({"security": []} if operation.is_for_anybody else {}),
        "responses": {
            **{str(status): _answer(answer) for status, answer in operation.answers.items()},
            **_problems(operation),
        },
    }
    if operation.body:
        content = {media_type: {"schema": schema} for media_type, schema in operation.body.items()}
        if operation.body.get("application/json") == reference("Submission") and kinds:
            content["application/json"]["examples"] = {kind.name: {"value": _example(kind)} for kind in kinds}
        view["requestBody"] = {"required": operation.is_body_needed, "content": content}
    return view


def _answer(answer: Answer) -> Mapping[str, Any]:
    content: dict[str, Any] = {media_type: {} for media_type in answer.media_types}
    if answer.shape is not None:
        content["application/json"] = {"schema": reference(answer.shape.__name__)}
        content["text/plain"] = {}
    view: dict[str, Any] = {"description": answer.says}
    if content:
        view["content"] = content
    if answer.headers:
        view["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    if answer.links:
        view["links"] = {
            name: {"operationId": name, "parameters": {"id": "$response.body#/id"}} for name in answer.links
        }
    return view


def _problems(operation: Operation) -> Mapping[str, Any]:
    """The problems of an operation by status; each names the codes that it may have."""
    by_status: dict[int, list[str]] = {}
    for code in operation.codes:
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        str(status): {
            "description": "; ".join(f"`{code}`: {PROBLEMS[code].title.lower()}" for code in codes),
            "content": {
                MEDIA_TYPE: {
                    "schema": {"allOf": [reference("Problem"), {"properties": {"code": {"enum": codes}}}]},
                },
                "text/plain": {},
            },
            **({"headers": {"Retry-After": {"schema": {"type": "string"}}}} if _pass(codes) else {}),
        }
        for status, codes in sorted(by_status.items())
    }


def _pass(codes: Iterable[str]) -> bool:
    return any(PROBLEMS[code].retry_after is not None for code in codes)


def _plain_schemas() -> dict[str, Any]:
    """Those of the models."""
    answers = [
        (model, "serialization")
        for _, model in getmembers(shapes, isclass)
        if issubclass(model, BaseModel) and model.__module__ == shapes.__name__
    ]
    asked = [(Submission, "validation"), (Changes, "validation")]
    _, found = models_json_schema([*answers, *asked], ref_template=SCHEMAS + "{model}")  # type: ignore[list-item]  # the modes are literals
    schemas: dict[str, Any] = found["$defs"]
    for name in ("WholeTask", "EndedTask", "TaskPage", "Result", "Problem", "TaskError", "Progress"):
        schemas[name]["required"] = [
            field for field, about in schemas[name]["properties"].items() if "default" not in about
        ]
    return schemas


def _schemas(kinds: Collection[OfferedKind], most: Mapping[str, int]) -> dict[str, Any]:
    plain = _plain_schemas()
    for name in ("Submission", "Changes"):
        for limit, value in most.items():
            whole, _null = plain[name]["properties"][limit]["anyOf"]
            whole["maximum"] = value
    if kinds:
        params = [reference(f"Params-{kind.name}") for kind in kinds]
        plain["Changes"]["properties"]["params"] = {"anyOf": [*params, {"type": "null"}]}
    return {**plain, **_schemas_of_kinds(kinds, plain["Submission"])}


def _schemas_of_kinds(kinds: Collection[OfferedKind], plain: Mapping[str, Any]) -> dict[str, Any]:
    """The params of each kind, a task of each kind, and what can be asked for: one of these."""
    schemas: dict[str, Any] = {}
    for kind in kinds:
        schemas |= components_of(f"Params-{kind.name}", kind.params_schema)
        if kind.result_schema is not None:
            schemas |= components_of(f"Result-{kind.name}", kind.result_schema)
        schemas[f"Submission-{kind.name}"] = _submission(plain, kind)
    one = [reference(f"Submission-{kind.name}") for kind in kinds]
    form = form_of(plain, kinds) if kinds else {"type": "object"}
    return {
        **schemas,
        "Submission": {"oneOf": one} if one else plain,
        "OwnSubmission": {"allOf": [reference("Submission"), {"properties": {"reuse": {"const": False}}}]},
        "SubmissionForm": form,
        "OwnSubmissionForm": without_reuse(form),
        "DatasetForm": {
            "type": "object",
            "properties": {"data": FILE},
            "required": ["data"],
        },
        "Batch": {
            "type": "object",
            "properties": {
                "tasks": {"type": "array", "minItems": 1, "maxItems": MOST_TASKS, "items": reference("Submission")}
            },
            "required": ["tasks"],
            "additionalProperties": False,
        },
    }


def _submission(plain: Mapping[str, Any], kind: OfferedKind) -> Mapping[str, Any]:
    properties = {
        **plain["properties"],
        "kind": {"const": kind.name},
        "inputs": _inputs(plain["properties"]["inputs"], kind),
        "params": reference(f"Params-{kind.name}"),
    }
    return {**plain, "title": f"Submission-{kind.name}", "description": kind.summary, "properties": properties}


def _inputs(plain: Mapping[str, Any], kind: OfferedKind) -> Mapping[str, Any]:
    """The inputs of a kind, under their names; some may be left out, and some kinds take any number of any names."""
    if ANY_INPUT in kind.inputs:
        return {
            "type": "object",
            "description": kind.inputs[ANY_INPUT],
            "propertyNames": plain["propertyNames"],
            "additionalProperties": DATASET,
            "minProperties": 1,
            "maxProperties": plain["maxProperties"],
        }
    return {
        "type": "object",
        "properties": {
            name: {**DATASET, "description": says}
            for name, says in zip(kind.input_names, kind.inputs.values(), strict=True)
        },
        "required": kind.needed_inputs,
        "additionalProperties": False,
    }


def _example(kind: OfferedKind) -> Mapping[str, Any]:
    """A request that can be sent as it stands, but for the dataset's id: without what may be left out."""
    names = ["data" if name == ANY_INPUT else name for name in kind.needed_inputs]
    return {"kind": kind.name, "inputs": dict.fromkeys(names, EXAMPLE_DATASET), "params": kind.example}
