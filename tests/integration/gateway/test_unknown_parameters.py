"""Parameters that a route does not know, over HTTP: nothing is done."""

import asyncpg
import httpx2
import pytest

from helpers.factories import finished_task, queued_task

pytestmark = pytest.mark.usefixtures("offered")


@pytest.mark.parametrize("query", ["state=queued&tags=nightly", "tag=a&tag=b", "state=queued&state=running"])
async def test_a_command_for_many_does_nothing_with_a_filter_that_it_does_not_know(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, query: str
) -> None:
    await queued_task(connection, tags=["a", "b"])
    answer = await client.post(f"/v1/tasks/cancel?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
    assert await connection.fetchval("SELECT state FROM task") == "queued"


@pytest.mark.parametrize("body", [b'{"tag": "nightly"}', b"{}", b"tag=nightly"])
async def test_a_command_for_many_does_nothing_with_a_filter_in_its_body(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, body: bytes
) -> None:
    await queued_task(connection)
    await finished_task(connection, state="failed")
    for command in ("cancel?state=queued", "retry?state=failed"):
        answer = await client.post(f"/v1/tasks/{command}", content=body, headers={"content-type": "application/json"})

        assert (answer.status_code, answer.json()["code"]) == (400, "body_invalid")
    assert {row["state"] for row in await connection.fetch("SELECT state FROM task")} == {"queued", "failed"}


async def test_a_list_says_what_was_perhaps_meant(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/tasks?status=failed")

    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("status: is no parameter here; there are state, kind, dataset, tag,")
    assert answer.json()["advice"] == "Did you mean state?"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("GET", "/metrics"),
        ("GET", "/openapi.json"),
        ("GET", "/v1/kinds"),
        ("GET", "/v1/stats"),
        ("HEAD", "/v1/datasets"),
        ("PUT", "/v1/datasets/a.csv"),
        ("POST", "/v1/tasks"),
        ("GET", "/v1/events"),
    ],
)
async def test_every_route_looks(client: httpx2.AsyncClient, method: str, path: str) -> None:
    answer = await client.request(method, f"{path}?wait=3")

    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


async def test_every_json_answer_can_be_indented(client: httpx2.AsyncClient) -> None:
    for path in ("/healthz", "/readyz", "/v1/kinds", "/v1/session", "/openapi.json", "/v1/tasks"):
        assert (await client.get(f"{path}?pretty")).text.startswith("{\n"), path


async def test_a_page_is_shown_whatever_a_mail_adds_to_its_link(client: httpx2.AsyncClient) -> None:
    for path in ("/", "/login", "/dashboard/base.css"):
        assert (await client.get(f"{path}?utm_source=mail&utm_source=mail")).status_code == 200
