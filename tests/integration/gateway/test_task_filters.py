"""What a list of tasks can be narrowed down by, and counts."""

import unicodedata
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from jsonschema_rs import Draft202012Validator

from common.ids import uuid7
from helpers.factories import a_dataset, finished_task, queued_task, running_task

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


async def listed(client: httpx2.AsyncClient, **filters: object) -> list[str]:
    """The ids of all pages."""
    ids: list[str] = []
    url: str | None = f"/v1/tasks?{urlencode({'limit': 2, **filters})}"
    while url is not None:
        page = (await client.get(url)).json()
        ids += [task["id"] for task in page["tasks"]]
        url = page["next"]
    return ids


def newest_first(tasks: Iterable[UUID]) -> list[str]:
    return [str(task) for task in sorted(tasks, reverse=True)]


async def test_by_tag(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    made = [await queued_task(connection, tags=["nightly", "a"]) for _ in range(3)]
    await queued_task(connection, tags=["night"])
    await queued_task(connection, tags=["nightly"], tenant="other")
    failed = await finished_task(connection, state="failed", tags=["nightly"])

    assert await listed(client, tag="nightly") == newest_first([*made, failed])
    assert await listed(client, tag="nightly", state="failed", kind="profile") == [str(failed)]
    assert await listed(client, tag="Nightly") == []


async def test_by_dataset(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    dataset = await a_dataset(connection)
    once = [await queued_task(connection, inputs={"data": dataset}) for _ in range(2)]
    twice = await queued_task(connection, inputs={"before": dataset, "after": dataset}, kind="compare")
    await queued_task(connection)

    assert await listed(client, dataset=dataset) == newest_first([*once, twice])
    assert await listed(client, dataset=dataset, kind="compare") == [str(twice)]
    assert await listed(client, dataset=uuid4()) == []


async def test_a_dataset_of_another_tenant_leads_nowhere(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    dataset = await a_dataset(connection, tenant="other")
    await queued_task(connection, tenant="other", inputs={"data": dataset})

    assert await listed(client, dataset=dataset) == []


async def test_by_kind_and_state(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    succeeded = [await finished_task(connection, kind="convert") for _ in range(3)]
    running = (await running_task(connection, kind="convert")).id
    await finished_task(connection)

    assert await listed(client, kind="convert") == newest_first([*succeeded, running])
    assert await listed(client, kind="convert", state="succeeded") == newest_first(succeeded)
    assert await listed(client, kind="convert", state="running") == [str(running)]


async def test_by_time(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    made = {
        hours: await queued_task(connection, id=uuid7(unix_ms=int((NOON + timedelta(hours=hours)).timestamp() * 1000)))
        for hours in (-1, 0, 1)
    }
    east = NOON.astimezone().isoformat()

    assert await listed(client, created_after=NOON.isoformat()) == newest_first([made[0], made[1]])
    assert await listed(client, created_before=east) == [str(made[-1])]
    assert await listed(client, created_after=east, created_before="2026-11-22T12:30:00Z") == [str(made[0])]
    assert await listed(client, created_after="9999-12-31T23:00:00Z") == []
    assert await listed(client, created_before="0001-01-01T01:00:00Z") == []


async def test_by_text(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    by_file = await queued_task(connection, inputs={"data": await a_dataset(connection, name="Flüge_2013.CSV")})
    by_tag = await queued_task(connection, tags=["x", "Flüge"])
    by_kind = await queued_task(connection, kind="flueger")

    assert await listed(client, text="flÜge") == newest_first([by_file, by_tag])
    assert await listed(client, text="2013.csv") == [str(by_file)]
    assert await listed(client, text="FLUEG") == [str(by_kind)]
    for text in ("%", "_", "\\", "x flüge"):
        assert await listed(client, text=text) == ([str(by_file)] if text == "_" else [])


async def test_filters_are_kept_from_page_to_page(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    made = [await finished_task(connection, state="failed", tags=["a b&c"]) for _ in range(5)]
    await queued_task(connection, tags=["a b&c"])

    assert await listed(client, tag="a b&c", state="failed", text="b&") == newest_first(made)


@pytest.mark.parametrize(
    "query",
    [
        "dataset=x", "tag=", "tag=a%00", "tag=" + "x" * 65, "text=", "text=%0A", "text=" + "x" * 101, "count=2",
        "created_after=today", "created_after=2026-11-22T12:00:00", "created_before=", "created_before=9999999999",
    ],
)  # fmt: skip
async def test_a_wrong_filter_is_refused(at_the_door: httpx2.AsyncClient, query: str) -> None:
    answer = await at_the_door.get(f"/v1/tasks?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
    assert answer.json()["detail"].startswith(query.partition("=")[0] + ":")


async def test_a_count_is_of_all_pages(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for _ in range(3):
        await queued_task(connection)
    await finished_task(connection)
    first = (await client.get("/v1/tasks?state=queued&limit=2&count=1")).json()
    second = (await client.get(first["next"])).json()

    assert [page["total"] for page in (first, second)] == [{"value": 3, "exact": True}] * 2
    assert "total" not in (await client.get("/v1/tasks?count=0")).json()


@pytest.mark.parametrize("name", ["kind", "tag", "text"])
@pytest.mark.parametrize("word", ["a b", "größe", "日本", "\u202e", "\u0378", "\x00", "a\x1f", "\x7f", "\x85", "a\n"])
async def test_the_document_says_which_words_are_taken(client: httpx2.AsyncClient, name: str, word: str) -> None:
    document = (await client.get("/openapi.json")).json()
    parameters = document["paths"]["/v1/tasks"]["get"]["parameters"]
    [schema] = [parameter["schema"] for parameter in parameters if parameter.get("name") == name]

    is_written = Draft202012Validator(schema).is_valid(word)
    answer = await client.get("/v1/tasks", params={name: word})

    assert answer.status_code == (200 if is_written else 422)
    assert is_written is not any(unicodedata.category(letter) == "Cc" for letter in word)
