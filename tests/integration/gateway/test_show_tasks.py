"""One task, and the list of them."""

from datetime import UTC, datetime
from itertools import chain
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest

from gateway.tasks import MOST_PARAMS_BYTES
from helpers.factories import a_progress, an_artifact, finished_task, queued_task, running_task

EXPECTED = {
    "id", "version", "tenant", "kind", "state", "params", "inputs", "priority", "run_at", "timeout_s", "memory_mb",
    "max_attempts", "tags", "progress", "error", "created_at", "started_at", "finished_at", "cancel_requested_at",
    "urls", "attempts",
}  # fmt: skip


async def test_a_task_has_all_its_fields(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    identity = await finished_task(connection, state="failed", tags=["nightly"])
    task = (await client.get(f"/v1/tasks/{identity}")).json()

    assert set(task) == EXPECTED
    assert task["error"] == {"code": "input_unreadable", "message": "This is no table.", "advice": None}
    (attempt,) = task["attempts"]
    assert (attempt["attempt"], attempt["processor"], attempt["outcome"]) == (1, "processor-1", "failed")
    assert attempt["error"] == task["error"]
    assert (attempt["peak_memory_bytes"], attempt["cpu_seconds"]) == (1_000_000, 0.5)
    for moment in (task["created_at"], task["started_at"], task["finished_at"], attempt["started_at"]):
        assert datetime.fromisoformat(moment).tzinfo == UTC
    assert set(task["urls"]) == {"self", "events", "result", "artifacts", "cancel", "retry"}


async def test_progress_is_shown_while_its_lease_holds(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await running_task(connection, lease=7)
    await a_progress(connection, task.id, lease=7, rev=4, data={"phase": "scan", "fraction": 0.25})

    shown = await client.get(f"/v1/tasks/{task.id}")
    await connection.execute("UPDATE task SET lease = 8, version = version + 1")
    later = await client.get(f"/v1/tasks/{task.id}")

    assert shown.json()["progress"] == {"rev": 4, "phase": "scan", "fraction": 0.25}
    assert later.json()["progress"] is None
    assert shown.headers["etag"] != later.headers["etag"]


async def test_who_has_the_present_version_is_told_so(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await running_task(connection)
    etag = (await client.get(f"/v1/tasks/{task.id}")).headers["etag"]

    same = await client.get(f"/v1/tasks/{task.id}", headers={"if-none-match": f'"x", W/{etag}'})
    await a_progress(connection, task.id, rev=2)
    changed = await client.get(f"/v1/tasks/{task.id}", headers={"if-none-match": etag})

    assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", etag)
    assert changed.status_code == 200


async def test_an_unknown_task_is_not_found(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    others = await finished_task(connection, tenant="other")
    await an_artifact(connection, others, name="a.html")
    for identity in (uuid4(), "nothing", others, "a%00"):
        for part in ("", "/result", "/artifacts", "/artifacts/a.html"):
            answer = await client.get(f"/v1/tasks/{identity}{part}")

            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_tasks_are_listed_newest_first_page_by_page(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    made = [str(await queued_task(connection)) for _ in range(5)]
    await queued_task(connection, tenant="other")

    listed: list[str] = []
    url: str | None = "/v1/tasks?limit=2"
    while url is not None:
        page = (await client.get(url)).json()
        listed += [task["id"] for task in page["tasks"]]
        url = page["next"]

    assert listed == sorted(made, reverse=True)


async def test_a_listed_task_is_the_task_without_its_attempts(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    identity = await finished_task(connection)
    (listed,) = (await client.get("/v1/tasks")).json()["tasks"]
    shown = (await client.get(f"/v1/tasks/{identity}")).json()

    shown.pop("attempts")
    assert listed == shown


async def test_the_list_can_be_filtered(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await queued_task(connection)
    failed = [str(await finished_task(connection, state="failed")) for _ in range(3)]
    await finished_task(connection, state="failed", kind="convert")

    first = await client.get("/v1/tasks?state=failed&kind=profile&limit=2")
    second = await client.get(first.json()["next"])

    assert [task["id"] for answer in (first, second) for task in answer.json()["tasks"]] == sorted(failed, reverse=True)


async def test_a_page_of_tasks_with_large_params_is_short_and_leads_on(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    large = {"sql": "x" * (MOST_PARAMS_BYTES // 3)}
    made = [str(await queued_task(connection, params=large)) for _ in range(7)]
    pages: list[list[str]] = []
    following: str | None = "/v1/tasks"
    while following is not None:
        page = (await client.get(following)).json()
        pages.append([task["id"] for task in page["tasks"]])
        following = page["next"]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert list(chain.from_iterable(pages)) == sorted(made, reverse=True)


async def test_an_empty_list_has_no_next_page(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/v1/tasks")).json() == {"tasks": [], "next": None}


@pytest.mark.parametrize(
    "query", ["state=sleeping", "limit=0", "limit=201", "limit=x", "cursor=x", "kind=a%00b", "kind=" + "x" * 65]
)
async def test_a_wrong_filter_is_refused(at_the_door: httpx2.AsyncClient, query: str) -> None:
    answer = await at_the_door.get(f"/v1/tasks?{query}")

    assert (answer.status_code, answer.json()["code"]) == (422, "query_invalid")
    assert answer.json()["detail"].startswith(query.partition("=")[0] + ":")


async def test_a_cursor_is_no_offset(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    """What is recorded while somebody turns pages does not shift them."""
    made = sorted([await queued_task(connection) for _ in range(2)])
    first = (await client.get("/v1/tasks?limit=1")).json()
    await queued_task(connection)
    second = (await client.get(first["next"])).json()

    assert [UUID(page["tasks"][0]["id"]) for page in (first, second)] == made[::-1]
