"""Answers for a person: indented, or as lines."""

import json

import asyncpg
import httpx2
import pytest

from gateway.presented import MOST_BYTES
from helpers.asking import asked
from helpers.factories import finished_task
from helpers.storage import Stored, stored_artifact

TEXT = {"accept": "text/plain"}
pytestmark = pytest.mark.usefixtures("offered")


@pytest.mark.parametrize("query", ["pretty", "pretty=", "pretty=1", "pretty=true&limit=3"])
async def test_pretty_indents(client: httpx2.AsyncClient, query: str) -> None:
    plain = await client.get("/v1/tasks")
    pretty = await client.get(f"/v1/tasks?{query}")

    assert pretty.json() == plain.json()
    assert pretty.text == json.dumps(plain.json(), indent=2) + "\n"
    assert pretty.headers["content-type"] == "application/json"
    assert int(pretty.headers["content-length"]) == len(pretty.content)


@pytest.mark.parametrize("said", ["0", "false"])
async def test_not_pretty_is_as_it_is(client: httpx2.AsyncClient, said: str) -> None:
    assert (await client.get(f"/v1/tasks?pretty={said}")).text == '{"tasks":[],"next":null}'


@pytest.mark.parametrize("said", ["yes", "no", "banana", "True", "2", "%20"])
async def test_pretty_says_yes_or_no(client: httpx2.AsyncClient, said: str) -> None:
    answer = await client.get(f"/v1/tasks?pretty={said}")

    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
    assert answer.json()["detail"] == "pretty: must be empty, 1 or true; or 0 or false."


async def test_a_form_may_be_asked_for_in_any_of_several_headers(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/healthz", headers=[("accept", "application/json;q=0.5"), ("accept", "text/plain")])

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"


async def test_lists_are_tables(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = (await client.post("/v1/tasks", json=await asked(connection))).json()
    answer = await client.get("/v1/tasks", headers=TEXT)

    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "accept" in answer.headers["vary"]
    title, heading, row, following = answer.text.splitlines()
    assert (title, following.split()) == ("tasks", ["next", "-"])
    assert heading.split()[:3] == ["ID", "STATE", "KIND"]
    assert row.split()[:3] == [task["id"], "queued", "profile"]


@pytest.mark.parametrize("path", ["/v1/kinds", "/v1/processors", "/v1/stats", "/v1/datasets", "/healthz"])
async def test_everything_has_lines(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers=TEXT)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert "{" not in answer.text


async def test_a_task_is_names_and_values(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    task = (await client.post("/v1/tasks", json=await asked(connection, tags=["a", "b"]))).json()
    answer = await client.get(task["urls"]["self"], headers=TEXT)
    lines = dict(
        line.split(maxsplit=1) for line in answer.text.splitlines() if not line.startswith(" ") and " " in line
    )

    assert lines["state"] == "queued"
    assert lines["tags"] == "a, b"
    assert answer.headers["etag"] == 'W/"1-0"'
    known = await client.get(task["urls"]["self"], headers={**TEXT, "if-none-match": answer.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


async def test_an_error_is_a_sentence_and_what_to_do(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/v1/taskz", headers=TEXT)

    assert answer.status_code == 404
    assert answer.text == "404 not_found: There is nothing at this path.\nDid you mean /v1/tasks?\n"


async def test_all_faults_are_told(client: httpx2.AsyncClient) -> None:
    answer = await client.put("/v1/tasks/0199-x?pretty", headers=TEXT, json={})
    faults = await client.post("/v1/tasks/batch", headers=TEXT, json={"tasks": [{"a": 1}]})

    assert answer.text.startswith("422 id_invalid: ")
    assert faults.text.splitlines()[1].startswith("  /tasks/0/")


async def test_json_is_not_replaced_where_it_is_wanted_as_much(client: httpx2.AsyncClient) -> None:
    for accept in (
        "*/*",
        "application/json, text/plain",
        "text/html",
        "text/plain;q=0.5, application/json",
        "text/*;q=0",
    ):
        answer = await client.get("/v1/tasks", headers={"accept": accept})
        assert answer.headers["content-type"] == "application/json", accept


async def test_what_others_wrote_does_nothing_to_a_terminal(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await client.put("/v1/datasets/a.csv", content=b"a\n")
    await connection.execute("UPDATE dataset SET name = E'evil\\x1b[2J\\nline'")
    answer = await client.get("/v1/datasets", headers=TEXT)

    assert "\x1b" not in answer.text
    assert len(answer.text.splitlines()) == 4


async def test_head_has_no_body_in_any_form(client: httpx2.AsyncClient) -> None:
    answer = await client.head("/v1/tasks?pretty")

    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("query", ["", "?pretty"])
async def test_a_stored_file_comes_as_its_bytes_in_every_form(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, stored: Stored, query: str
) -> None:
    url = await stored_artifact(connection, stored, b'{"a":1}', name="data.json", media_type="application/json")

    whole = await client.get(url + query, headers=TEXT)
    part = await client.get(url + query, headers={**TEXT, "range": "bytes=1-3"})

    assert (whole.content, whole.headers["content-type"]) == (b'{"a":1}', "application/json")
    assert (part.status_code, part.content) == (206, b'"a"')


async def test_a_large_answer_comes_as_it_is(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for size in (MOST_BYTES // 2, MOST_BYTES):
        task = await finished_task(connection, envelope={"data": "x" * size})
        url = f"/v1/tasks/{task}/result"
        plain, pretty = await client.get(url), await client.get(f"{url}?pretty")

        assert (pretty.content == plain.content) == (size == MOST_BYTES)
        assert pretty.json() == plain.json()


async def test_who_has_one_form_is_not_told_so_by_a_cache_that_has_another(client: httpx2.AsyncClient) -> None:
    for headers in ({}, TEXT):
        assert (await client.get("/v1/tasks", headers=headers)).headers["vary"] == "accept"
