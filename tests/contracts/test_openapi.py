"""The OpenAPI document says what is served: every route, every error code, and nothing else."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from jsonschema import Draft202012Validator
from starlette.applications import Starlette
from starlette.routing import Route

from common.notifier import Notifier
from common.settings import StorageSettings
from common.storage import Storage
from gateway.app import create_app
from gateway.openapi.document import EXAMPLE_DATASET, OPERATIONS, build_document
from gateway.openapi.moved_schemas import components_of
from gateway.problems import PROBLEMS
from gateway.settings import GatewaySettings
from gateway.submission import Submission
from helpers.live import idle_live
from helpers.offered import offered
from processor.analyses.profile import KIND as PROFILE
from processor.analyses.validate import KIND as VALIDATE
from processor.kind import Kind, installed_kinds

MOST = {"timeout_s": 100, "memory_mb": 2000, "max_attempts": 5}
# Those that only a value which is not in the interface could cause.
ROUTING = {"method_not_allowed"}


@pytest.fixture
async def app(tmp_path: Path) -> Starlette:
    pool = asyncpg.create_pool("postgresql://nobody@127.0.0.1:1/nowhere", min_size=0)
    storage = Storage.open(StorageSettings(url=tmp_path.as_uri()))
    return create_app(
        pool=pool, storage=storage, notifier=Notifier(pool=pool), live=idle_live(pool), settings=GatewaySettings()
    )


@pytest.fixture
def document() -> Mapping[str, Any]:
    return build_document([offered(PROFILE), offered(VALIDATE)], most=MOST)


async def test_the_document_has_every_route_and_no_other(app: Starlette) -> None:
    served = {
        (method, route.path.replace(":path}", "}"))
        for route in app.routes
        if isinstance(route, Route)
        for method in (route.methods or set()) - {"HEAD"}
    }

    assert {(operation.method, operation.path) for operation in OPERATIONS} == served


def test_every_operation_stands_in_the_document(document: Mapping[str, Any]) -> None:
    described = [about["operationId"] for methods in document["paths"].values() for about in methods.values()]

    assert sorted(described) == sorted(operation.name for operation in OPERATIONS)


def test_no_two_paths_differ_by_names_alone(document: Mapping[str, Any]) -> None:
    assert len({re.sub(r"{.*?}", "{}", path) for path in document["paths"]}) == len(document["paths"])


def test_the_names_in_a_path_are_parameters(document: Mapping[str, Any]) -> None:
    for path, methods in document["paths"].items():
        for about in methods.values():
            named = {each["name"] for each in about["parameters"] if each["in"] == "path"}
            assert named == set(re.findall(r"{(.*?)}", path)), path


def test_every_code_is_named_by_some_operation() -> None:
    named = {code for operation in OPERATIONS for code in operation.codes}

    assert named == PROBLEMS.keys() - ROUTING


def test_operations_have_names_of_their_own() -> None:
    names = [operation.name for operation in OPERATIONS]

    assert len(names) == len(set(names))


def test_every_reference_leads_to_a_component(document: Mapping[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    for target in references(document):
        assert target.startswith("#/components/schemas/")
        assert target.split("/")[3] in schemas, target


def references(value: object) -> list[str]:
    """All pointers into the document: those of `$ref`, and those in the mappings of discriminators."""
    match value:
        case str() if value.startswith("#/"):
            return [value]
        case dict():
            return [target for inner in value.values() for target in references(inner)]
        case list():
            return [target for inner in value for target in references(inner)]
        case _:
            return []


@pytest.mark.parametrize("is_open", [True, False])
def test_it_says_where_a_key_is_asked_for(*, is_open: bool) -> None:
    document = build_document([offered(PROFILE)], most=MOST, is_open=is_open)
    for operation in OPERATIONS:
        about = document["paths"][operation.stands_at or operation.path][operation.method.lower()]
        needed = about.get("security", document["security"])

        assert ({} in needed or not needed) is (is_open or "key_missing" not in operation.codes), operation.name


def test_links_lead_to_operations(document: Mapping[str, Any]) -> None:
    names = {operation.name for operation in OPERATIONS}
    links = [
        link["operationId"]
        for methods in document["paths"].values()
        for operation in methods.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]

    assert links
    assert set(links) <= names


def test_each_component_is_a_schema(document: Mapping[str, Any]) -> None:
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_the_params_of_a_kind_are_checked_as_the_kind_says(document: Mapping[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    validator = Draft202012Validator({"$ref": "#/components/schemas/Submission", **document})
    example = document["paths"]["/v1/tasks"]["post"]["requestBody"]["content"]["application/json"]["examples"][
        "profile"
    ]

    assert {"Params-profile", "Result-profile", "Result-profile-Data"} <= schemas.keys()
    assert list(validator.iter_errors(example["value"])) == []
    assert list(validator.iter_errors({**example["value"], "params": {"top_k": -1}}))
    assert list(validator.iter_errors({**example["value"], "timeout_s": MOST["timeout_s"] + 1}))
    assert list(validator.iter_errors({**example["value"], "inputs": {}}))


@pytest.mark.parametrize(("inputs", "named"), [({"*": "any"}, {"data"}), ({"data": "it", "more?": "not"}, {"data"})])
def test_an_example_names_inputs_as_a_request_may(inputs: dict[str, str], named: set[str]) -> None:
    document = build_document([replace(offered(PROFILE), inputs=inputs)], most=MOST)
    body = document["paths"]["/v1/tasks"]["post"]["requestBody"]["content"]["application/json"]

    assert set(body["examples"]["profile"]["value"]["inputs"]) == named


@pytest.mark.parametrize("kind", installed_kinds().values(), ids=lambda kind: kind.name)
def test_every_example_is_what_the_document_allows(kind: Kind[Any]) -> None:
    document = build_document([offered(each) for each in installed_kinds().values()], most=MOST)
    body = document["paths"]["/v1/tasks"]["post"]["requestBody"]["content"]["application/json"]
    example = body["examples"][kind.name]["value"]

    for schema in (body["schema"], {"$ref": f"#/components/schemas/Submission-{kind.name}"}):
        assert list(Draft202012Validator({**schema, **document}).iter_errors(example)) == []


@pytest.mark.parametrize(
    ("inputs", "allowed", "refused"),
    [
        ({"data": "it", "more?": "not"}, [{"data"}, {"data", "more"}], [set(), {"more"}, {"data", "more?"}]),
        ({"*": "any"}, [{"data"}, {"a", "b"}], [set(), {""}, set(map(str, range(17)))]),
        ({}, [set()], [{"data"}]),
    ],
)
def test_inputs_are_described_as_they_are_taken(
    inputs: dict[str, str], allowed: list[set[str]], refused: list[set[str]]
) -> None:
    kind = replace(offered(PROFILE), inputs=inputs)
    document = build_document([kind], most=MOST)
    validator = Draft202012Validator({"$ref": "#/components/schemas/Submission-profile", **document})

    for names in (*allowed, *refused):
        asked = {"kind": "profile", "inputs": dict.fromkeys(names, EXAMPLE_DATASET)}
        assert validator.is_valid(asked) is (names in allowed), names


def test_a_form_has_a_field_for_each_input_by_its_name() -> None:
    kinds = {each.name: offered(each) for each in installed_kinds().values()}
    strict = build_document([kinds["validate"]], most=MOST)["components"]["schemas"]["SubmissionForm"]
    free = build_document([kinds["validate"], kinds["query"]], most=MOST)["components"]["schemas"]["SubmissionForm"]

    assert {"data", "reference"} <= strict["properties"].keys()
    assert strict["required"] == ["kind"]
    assert strict["additionalProperties"] is False
    assert free["required"] == ["kind"]
    assert free["additionalProperties"]["format"] == "binary"
    for form in (strict, free):
        assert not [name for name in form["properties"] if not name.isidentifier()]


def test_a_form_has_a_field_for_each_of_a_task() -> None:
    schemas = build_document([offered(PROFILE)], most=MOST)["components"]["schemas"]

    assert schemas["SubmissionForm"]["properties"].keys() == {*Submission.model_fields, "data"}
    assert schemas["OwnSubmissionForm"]["properties"].keys() == {*Submission.model_fields, "data"} - {"reuse"}


@pytest.mark.parametrize(
    ("form", "is_allowed"),
    [
        ({"data": "a,b"}, True),
        ({"inputs": {"data": EXAMPLE_DATASET}}, True),
        ({"data": "a,b", "inputs": {}}, True),
        ({"data": "a,b", "inputs": {"more": EXAMPLE_DATASET}}, True),
        ({"data": "a,b", "inputs": {"data": EXAMPLE_DATASET}}, False),
        ({"data": "a,b", "inputs": {"other": EXAMPLE_DATASET}}, False),
        ({"inputs": {"more": EXAMPLE_DATASET}}, False),
        ({"more": "a,b"}, False),
        ({}, False),
    ],
)
def test_an_input_of_a_form_is_a_file_or_a_dataset(form: dict[str, Any], *, is_allowed: bool) -> None:
    kind = replace(offered(PROFILE), inputs={"data": "it", "more?": "not"})
    validator = Draft202012Validator(
        {"$ref": "#/components/schemas/SubmissionForm", **build_document([kind], most=MOST)}
    )

    assert validator.is_valid({"kind": "profile", **form}) is is_allowed


def test_a_strangers_schema_says_the_same_as_a_component() -> None:
    target = "#/$defs/A"
    schema = {
        "properties": {
            "$ref": {"$ref": "#/$defs/A"},
            "a": {"$ref": "#/properties/b"},
            "b": {"type": "integer"},
            "c": {"const": "#/$defs/A"},
            "d": {"default": "#/$defs/none", "enum": ["#/$defs/none", "#"]},
            "e": {"oneOf": [{"$ref": "#/$defs/A"}], "discriminator": {"propertyName": "x", "mapping": {"y": target}}},
            "f": {"$ref": "#"},
            "mapping": {"properties": {"$ref": {"type": "string"}}},
        },
        "$defs": {"A": {"type": "string", "$ref": "#/$defs/B/items"}, "B": {"items": {"minLength": 2}}},
    }  # fmt: skip
    moved = components_of("P", schema)
    whole = Draft202012Validator({"$ref": "#/components/schemas/P", "components": {"schemas": moved}})
    alone = Draft202012Validator(schema)

    assert moved["P"]["properties"]["e"]["discriminator"]["mapping"] == {"y": "#/components/schemas/P-A"}
    for params in (
        *({"$ref": "ab"}, {"$ref": "a"}, {"$ref": 1}, {"a": 1}, {"a": "x"}, {"c": "#/$defs/A"}, {"c": "x"}),
        *({"d": "#/$defs/none"}, {"d": "#"}, {"e": "ab"}, {"e": 1}, {"f": {"a": "x"}}, {"mapping": {"$ref": 1}}),
    ):
        assert whole.is_valid(params) is alone.is_valid(params), params
