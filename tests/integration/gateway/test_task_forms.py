"""A task asked for with a form: what is said twice, or as what it is not, is told and never guessed."""

import asyncpg
import httpx2
import pytest

from helpers.storage import Stored

pytestmark = pytest.mark.usefixtures("offered")

Field = tuple[str, tuple[str | None, bytes | str]]

CSV = b"a,b\n1,2\n"
FILE: Field = ("data", ("a.csv", CSV))
KIND: Field = ("kind", (None, "profile"))
ID = "01a202b5-f227-7cc4-9a41-a44f52e85de4"


async def refused(client: httpx2.AsyncClient, stored: Stored, *fields: Field) -> tuple[str, str]:
    """The pointer and the detail of the first fault; nothing is kept."""
    answer = await client.post("/v1/tasks", files=list(fields))

    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert stored.files() == []
    return answer.json()["pointer"], answer.json()["errors"][0]["detail"]


async def test_a_task_and_its_file_come_together(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    answer = await client.post(
        "/v1/tasks",
        files=[KIND, FILE, ("params", (None, '{"top_k": 5}')), ("tags", (None, "a")), ("tags", (None, "b"))],
    )

    assert answer.status_code == 202
    assert (answer.json()["params"], answer.json()["tags"]) == ({"top_k": 5}, ["a", "b"])
    assert answer.json()["inputs"]["data"]["name"] == "a.csv"
    assert await connection.fetchval("SELECT count(*) FROM dataset") == 1


@pytest.mark.parametrize(
    ("name", "first", "second"),
    [("kind", "profile", "profile"), ("params", "{}", '{"top_k": 5}'), ("priority", "1", "2"), ("inputs", "{}", "{}")],
)
async def test_a_field_that_came_twice_is_refused(
    client: httpx2.AsyncClient, stored: Stored, name: str, first: str, second: str
) -> None:
    twice: list[Field] = [(name, (None, first)), (name, (None, second))]

    assert await refused(client, stored, FILE, *twice) == (f"/{name}", "came twice")


async def test_half_a_character_in_a_field_is_refused_at_its_place(client: httpx2.AsyncClient, stored: Stored) -> None:
    params = ("params", (None, '{"columns": ["a", "\\ud800"]}'))
    answer = await client.post("/v1/tasks", files=[KIND, FILE, params])

    assert (answer.status_code, answer.json()["pointer"]) == (422, "/params/columns/1")
    assert stored.files() == []


async def test_a_file_that_came_twice_is_refused(client: httpx2.AsyncClient, stored: Stored) -> None:
    assert await refused(client, stored, KIND, FILE, FILE) == ("/inputs/data", "came twice")


NAMED: Field = ("inputs", (None, f'{{"data": "{ID}"}}'))


@pytest.mark.parametrize("fields", [[KIND, FILE, NAMED], [NAMED, FILE, KIND]])
async def test_an_input_is_a_file_or_a_dataset_that_is_there_but_not_both(
    client: httpx2.AsyncClient, stored: Stored, fields: list[Field]
) -> None:
    assert await refused(client, stored, *fields) == ("/inputs/data", "came as a file and in the field inputs")


@pytest.mark.parametrize(
    ("value", "shown"), [("5", '{"top_k": 5}'), ("0.25", '{"top_k": 0.25}'), ("it's", '{"top_k": …}'), ("05", "…")]
)
async def test_who_gives_a_param_as_a_field_is_told_how(client: httpx2.AsyncClient, value: str, shown: str) -> None:
    answer = await client.post("/v1/tasks", files=[KIND, FILE, ("top_k", (None, value))])

    assert answer.json()["pointer"] == "/top_k"
    assert "curl -F top_k=@FILE" in answer.json()["advice"]
    assert "-F params='" in answer.json()["advice"]
    assert shown in answer.json()["advice"]
