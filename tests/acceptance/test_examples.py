"""Every example that the interface gives of itself is taken as it stands, and succeeds."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import httpx2
import pytest

from common.ids import new_task_id
from common.words import ANY_INPUT
from gateway.openapi.document import EXAMPLE_DATASET
from helpers.installation import Installation

CSV: Final = b"id,name,amount\n1,ann,2.5\n2,bob,4\n3,eve,1\n"
KINDS: Final = {"compare", "convert", "profile", "query", "validate"}
WAIT: Final = {"prefer": "wait=60"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with (
        Installation(tmp_path_factory.mktemp("examples") / "data") as sundog,
        httpx2.Client(base_url=sundog.url, timeout=90) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def dataset(client: httpx2.Client) -> str:
    return str(client.put("/v1/datasets/table.csv", content=CSV).json()["id"])


def told(client: httpx2.Client) -> list[tuple[str, str, str, Any]]:
    """Method, path, name and value of each example in the document."""
    paths: Mapping[str, Mapping[str, Any]] = client.get("/openapi.json").json()["paths"]
    return [
        (method, path, name, example["value"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        for media in operation.get("requestBody", {}).get("content", {}).values()
        for name, example in media.get("examples", {}).items()
    ]


def test_every_example_of_the_document_is_taken_and_succeeds(client: httpx2.Client, dataset: str) -> None:
    examples = told(client)
    for method, path, name, value in examples:
        assert set(value["inputs"].values()) == {EXAMPLE_DATASET}
        body = {**value, "inputs": dict.fromkeys(value["inputs"], dataset)}
        answer = client.request(method, path.format(id=new_task_id()), json=body, headers=WAIT)

        assert (answer.status_code, answer.json().get("state")) == (200, "succeeded"), (method, path, name, answer.text)
    assert {name for _, _, name, _ in examples} == KINDS


def test_the_example_params_of_every_kind_succeed(client: httpx2.Client, dataset: str) -> None:
    kinds = client.get("/v1/kinds").json()["kinds"]
    for kind in kinds:
        names = ["data" if name == ANY_INPUT else name for name in kind["inputs"] if not name.endswith("?")]
        body = {"kind": kind["name"], "inputs": dict.fromkeys(names, dataset), "params": kind["example"]}
        task = client.post("/v1/tasks", json=body, headers=WAIT).json()

        assert task.get("state") == "succeeded", (kind["name"], task)
        assert client.get(task["urls"]["result"]).json()["kind"] == kind["name"]
    assert {kind["name"] for kind in kinds} == KINDS


def test_an_input_that_may_be_left_out_goes_by_its_name(client: httpx2.Client, dataset: str) -> None:
    body = {"kind": "validate", "inputs": {"data": dataset, "reference?": dataset}, "params": {"suggest": True}}
    marked = client.post("/v1/tasks", json=body)
    named = client.post("/v1/tasks", json={**body, "inputs": {"data": dataset, "reference": dataset}}, headers=WAIT)

    assert (marked.status_code, marked.json()["code"]) == (422, "inputs_invalid")
    assert named.json()["state"] == "succeeded"
