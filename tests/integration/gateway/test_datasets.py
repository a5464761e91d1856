"""Datasets over HTTP: bytes in, and what is there."""

import hashlib
from collections.abc import AsyncIterator
from urllib.parse import quote

import anyio
import asyncpg
import httpx2
import pytest

from helpers.factories import a_dataset
from helpers.storage import Stored

CSV = b"a,b\n1,2\n"


async def test_bytes_are_stored_under_their_digest(client: httpx2.AsyncClient, stored: Stored) -> None:
    answer = await client.put("/v1/datasets/flights.csv", content=CSV)

    assert answer.status_code == 201
    dataset = answer.json()
    assert dataset["sha256"] == hashlib.sha256(CSV).hexdigest()
    assert (dataset["name"], dataset["bytes"], dataset["media_type"]) == ("flights.csv", len(CSV), "text/csv")
    assert answer.headers["location"] == dataset["urls"]["self"] == f"/v1/datasets/{dataset['id']}"
    assert [path.read_bytes() for path in stored.files()] == [CSV]
    assert (await client.get(dataset["urls"]["self"])).json() == dataset


async def test_the_same_bytes_under_the_same_name_are_the_same_dataset(
    client: httpx2.AsyncClient, stored: Stored
) -> None:
    first = await client.put("/v1/datasets/flights.csv", content=CSV)
    again = await client.put("/v1/datasets/flights.csv", content=CSV)

    assert again.status_code == 200
    assert again.json() == first.json()
    assert len(stored.files()) == 1


async def test_the_same_bytes_as_something_else_are_the_same_dataset_as_it_was(client: httpx2.AsyncClient) -> None:
    first = await client.put("/v1/datasets/flights", content=CSV, headers={"content-type": "text/csv"})
    again = await client.put("/v1/datasets/flights", content=CSV, headers={"content-type": "application/json"})

    assert (again.status_code, again.json()) == (200, first.json())
    assert first.json()["media_type"] == "text/csv"


@pytest.mark.parametrize("path", ["/v1/datasets/", "/v1/datasets/01a202b5-8ce5-75f9-b321-dfef86eaf92c/"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
async def test_a_slash_too_many_is_told_as_such(at_the_door: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await at_the_door.request(method, path)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert answer.json()["advice"].startswith("Did you mean /v1/datasets")


async def test_another_name_is_another_dataset_of_the_same_bytes(client: httpx2.AsyncClient, stored: Stored) -> None:
    first = await client.put("/v1/datasets/a.csv", content=CSV)
    other = await client.put("/v1/datasets/b.csv", content=CSV)

    assert (other.status_code, other.json()["sha256"]) == (201, first.json()["sha256"])
    assert other.json()["id"] != first.json()["id"]
    assert len(stored.files()) == 1


async def test_many_who_hand_in_the_same_at_once_get_the_same(client: httpx2.AsyncClient) -> None:
    answers: list[httpx2.Response] = []

    async def hand_in() -> None:
        answers.append(await client.put("/v1/datasets/flights.csv", content=CSV))

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(hand_in)

    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


async def test_a_storage_that_is_away_is_a_problem_that_passes(at_the_door: httpx2.AsyncClient, stored: Stored) -> None:
    (stored.folder / "incoming").write_bytes(b"no folder")
    answer = await at_the_door.put("/v1/datasets/flights.csv", content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (503, "storage_unavailable")
    assert str(stored.folder) not in answer.text


async def test_a_form_hands_in_one_file(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/v1/datasets", files={"data": ("flights.csv", CSV)})

    assert answer.status_code == 201
    assert (answer.json()["name"], answer.json()["media_type"]) == ("flights.csv", "text/csv")


async def test_any_visible_name_survives(client: httpx2.AsyncClient) -> None:
    for name in ("Größe.csv", "a b.csv", "%41.csv"):
        answer = await client.put(f"/v1/datasets/{quote(name)}", content=CSV)

        assert answer.json()["name"] == name


@pytest.mark.parametrize(
    "path", ["a%00b", "a%0Ab", "..%2Fa", "a%2Fb", "a%5Cb", "%2E%2E", "%FF.csv", "x" * 256, "", "%20", "%20%20"]
)
async def test_a_name_that_is_a_path_or_unseen_is_refused(
    at_the_door: httpx2.AsyncClient, stored: Stored, path: str
) -> None:
    answer = await at_the_door.put(f"http://localhost/v1/datasets/{path}", content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (422, "name_invalid")
    assert stored.files() == []


async def test_no_bytes_are_no_dataset(at_the_door: httpx2.AsyncClient, stored: Stored) -> None:
    answer = await at_the_door.put("/v1/datasets/flights.csv", content=b"")

    assert (answer.status_code, answer.json()["code"]) == (422, "dataset_empty")
    assert stored.files() == []


async def test_more_than_the_limit_leaves_nothing(at_the_door: httpx2.AsyncClient, stored: Stored) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    answer = await at_the_door.put("/v1/datasets/flights.csv", content=endless())

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert stored.files() == []


async def test_as_many_bytes_as_the_limit_are_taken(client: httpx2.AsyncClient) -> None:
    assert (await client.put("/v1/datasets/flights.csv", content=b"x" * 100_000)).status_code == 201


async def test_a_declared_length_over_the_limit_is_refused_unread(
    at_the_door: httpx2.AsyncClient,
) -> None:
    async def untouchable() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    answer = await at_the_door.put(
        "/v1/datasets/flights.csv",
        content=untouchable(),
        headers={"content-length": "100001", "expect": "100-continue"},
    )

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_a_form_without_exactly_one_good_file_is_refused(client: httpx2.AsyncClient) -> None:
    wrong: list[tuple[list[tuple[str, tuple[str | None, bytes]]], str]] = [
        ([("a", ("a.csv", CSV)), ("b", ("b.csv", CSV))], "body_invalid"),
        ([("a", (None, b"just a field"))], "body_invalid"),
        ([("a", ("../a.csv", CSV))], "name_invalid"),
        ([("a", (" ", CSV))], "name_invalid"),
        ([("a", ("a.csv", b""))], "dataset_empty"),
    ]
    for files, code in wrong:
        answer = await client.post("/v1/datasets", files=files)

        assert answer.json()["code"] == code


async def test_another_body_than_a_form_is_told_how(at_the_door: httpx2.AsyncClient) -> None:
    answer = await at_the_door.post("/v1/datasets", content=CSV)

    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_unsupported")
    assert "curl -T" in answer.json()["advice"]


async def test_datasets_are_listed_newest_first_page_by_page(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    made = [str(await a_dataset(connection, name=f"{number}.csv")) for number in range(5)]
    await a_dataset(connection, tenant="other")

    first = await client.get("/v1/datasets?limit=3")
    second = await client.get(first.json()["next"])

    listed = [dataset["id"] for answer in (first, second) for dataset in answer.json()["datasets"]]
    assert listed == sorted(made, reverse=True)
    start = first.links["first"]["url"]
    assert first.links["next"]["url"] == first.json()["next"]
    assert (await client.get(start)).json() == first.json()
    assert (second.json()["next"], set(second.links)) == (None, {"first"})
    assert second.links["first"]["url"] == start


async def test_what_the_tenant_does_not_have_is_not_found(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    others = await a_dataset(connection, tenant="other")
    for identity in ("nothing", "01a202b5-8ce5-75f9-b321-dfef86eaf92c", "a%00", others):
        answer = await client.get(f"/v1/datasets/{identity}")

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
