"""What is committed is in the audit, whatever becomes of the answer; what changed nothing is not."""

import json
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from common.ids import uuid7
from common.tokens import Token
from gateway import bulk, deeds
from gateway.waiting import FeedWaiter
from helpers.eventually import eventually
from helpers.factories import a_dataset, a_kind, a_processor, finished_task, queued_task
from helpers.gateways import RunningGateway
from helpers.keys import bearer
from helpers.raw_http import connected_to

BOUNDARY = "of-a-test"
FORM = f"multipart/form-data; boundary={BOUNDARY}"
OTHER_BYTES = "sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"

Told = tuple[str, str | None, dict[str, Any]]


@pytest.fixture(autouse=True)
async def _offered(connection: asyncpg.Connection) -> None:
    await a_kind(connection)
    await a_processor(connection)


async def told(guarded: RunningGateway, connection: asyncpg.Connection) -> list[Told]:
    """What the audit tells, oldest first, without what was done at the command line."""
    await guarded.parts.journal.flush()
    rows = await connection.fetch("SELECT action, object, detail FROM audit WHERE action !~ '^key' ORDER BY id")
    return [(row["action"], row["object"], json.loads(row["detail"])) for row in rows]


def part(name: str, content: str, *, filename: str | None = None) -> str:
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{file}\r\n\r\n{content}\r\n'


def form(*parts: str) -> bytes:
    return ("".join(parts) + f"--{BOUNDARY}--\r\n").encode()


async def a_question(connection: asyncpg.Connection) -> dict[str, Any]:
    return {"kind": "profile", "inputs": {"data": str(await a_dataset(connection))}}


async def datasets(connection: asyncpg.Connection) -> list[str]:
    return [str(row["id"]) for row in await connection.fetch("SELECT id FROM dataset ORDER BY id")]


async def test_who_hangs_up_while_the_answer_waits_is_told_of(
    guarded: RunningGateway, admin: Token, connection: asyncpg.Connection
) -> None:
    question, waiters = await a_question(connection), guarded.parts.live.streams._waiters

    async def somebody_waits() -> bool:
        return any(isinstance(each, FeedWaiter) and each.sleeps for each in waiters)

    async def nobody_waits() -> bool:
        return not waiters

    async with connected_to(guarded.url) as raw:
        await raw.request("/v1/tasks", method="POST", headers={"prefer": "wait=60", **bearer(admin)}, body=question)
        await eventually(somebody_waits)
    await eventually(nobody_waits)
    made = await connection.fetchval("SELECT id::text FROM task")

    assert await told(guarded, connection) == [("task.create", made, {})]


async def test_a_task_is_told_of_before_its_answer_has_come(
    guarded: RunningGateway, admin: Token, connection: asyncpg.Connection
) -> None:
    """A gateway that is killed while many wait has told of all their tasks."""
    question = await a_question(connection)

    async def is_told() -> list[Told] | None:
        return await told(guarded, connection) or None

    async with connected_to(guarded.url) as raw:
        await raw.request("/v1/tasks", method="POST", headers={"prefer": "wait=60", **bearer(admin)}, body=question)
        ((action, _, _),) = await eventually(is_told)
        assert (action, bytes(raw.received)) == ("task.create", b"")


async def test_a_story_is_told_of_once(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    question = await a_question(connection)
    async with as_admin.stream(
        "POST", "/v1/tasks", json=question, headers={"accept": "application/x-ndjson"}
    ) as answer:
        made = answer.headers["location"].rpartition("/")[2]

    assert await told(guarded, connection) == [("task.create", made, {})]


async def test_each_file_of_a_form_is_told_of_beside_its_task(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = form(part("kind", "profile"), part("data", "a\n1\n", filename="a.csv"))
    task = (await as_admin.post("/v1/tasks", content=body, headers={"content-type": FORM})).json()["id"]
    (dataset,) = await datasets(connection)

    assert await told(guarded, connection) == [("dataset.create", dataset, {}), ("task.create", task, {})]


async def test_a_file_that_stays_when_its_task_is_refused_is_told_of(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = form(part("kind", "none-such"), part("data", "a\n1\n", filename="a.csv"))
    answer = await as_admin.post("/v1/tasks", content=body, headers={"content-type": FORM})
    (dataset,) = await datasets(connection)

    assert answer.status_code == 422
    assert await told(guarded, connection) == [("dataset.create", dataset, {})]


TWICE = form(part("data", "a\n1\n", filename="a.csv"), part("data", "a\n2\n", filename="b.csv"))


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/datasets"])
@pytest.mark.parametrize("wrong", [{"content": TWICE}, {"headers": {"content-digest": OTHER_BYTES}}])
async def test_a_form_that_goes_wrong_leaves_nothing_to_tell_of(
    guarded: RunningGateway,
    as_admin: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    path: str,
    wrong: dict[str, Any],
) -> None:
    sent = {"content": form(part("data", "a\n1\n", filename="a.csv")), **wrong}
    answer = await as_admin.post(
        path, content=sent["content"], headers={"content-type": FORM, **sent.get("headers", {})}
    )
    await as_admin.put("/v1/datasets/later.csv", content=b"a\n1\n")
    (later,) = await datasets(connection)

    assert answer.status_code in {400, 422}
    assert await told(guarded, connection) == [("dataset.create", later, {})]


async def test_what_came_before_is_not_told_of_as_made(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    """The same file, and the same request for a task, by its key or by its id."""
    for _ in range(2):
        await as_admin.put("/v1/datasets/a.csv", content=b"a\n1\n")
    (dataset,) = await datasets(connection)
    question, own = {"kind": "profile", "inputs": {"data": dataset}}, str(uuid7())
    first, named = [await as_admin.post("/v1/tasks", json=question, headers={"idempotency-key": "k"}) for _ in range(2)]
    for _ in range(2):
        await as_admin.put(f"/v1/tasks/{own}", json=question)

    assert (named.json()["id"], named.headers["idempotent-replayed"]) == (first.json()["id"], "true")
    assert await told(guarded, connection) == [
        ("dataset.create", dataset, {}),
        ("task.create", named.json()["id"], {}),
        ("task.create", own, {}),
    ]


async def test_a_question_whose_answer_is_there_makes_no_task(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    question = await a_question(connection)
    first = (await as_admin.post("/v1/tasks", json=question)).json()["id"]
    await connection.execute("UPDATE task SET state = 'succeeded', finished_at = now()")
    await connection.execute("INSERT INTO result (task, lease, body) SELECT id, 1, '{}' FROM task")
    again = {**question, "reuse": True}
    reused = (await as_admin.post("/v1/tasks", json=again)).json()
    _, new = (await as_admin.post("/v1/tasks/batch", json={"tasks": [again, question]})).json()["tasks"]

    assert reused["reused"]
    assert await told(guarded, connection) == [("task.create", first, {}), ("task.create", new["id"], {})]


async def test_a_command_that_changed_nothing_is_not_told_of(
    guarded: RunningGateway, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    ended, waiting = await finished_task(connection), await queued_task(connection)
    answers = [
        await as_admin.post(path)
        for path in (f"/v1/tasks/{ended}/cancel", f"/v1/tasks/{waiting}/retry", "/v1/tasks/cancel?tag=none")
    ]

    assert [answer.is_success for answer in answers] == [True] * 3
    assert await told(guarded, connection) == []


@pytest.mark.parametrize("command", ["cancel", "retry"])
async def test_a_command_for_many_tells_how_many_and_which_came_first(
    guarded: RunningGateway,
    as_admin: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.setattr(deeds, "MOST_NAMED", 3)
    monkeypatch.setattr(bulk, "TASKS_A_BATCH", 2)
    state = {"cancel": "queued", "retry": "failed"}[command]
    ids = [
        str(await (queued_task(connection) if command == "cancel" else finished_task(connection, state=state)))
        for _ in range(5)
    ]
    await as_admin.post(f"/v1/tasks/{command}?state={state}")
    ((action, one, detail),) = await told(guarded, connection)

    assert (action, one, detail["changed"], detail["query"]) == (f"task.{command}", None, 5, f"state={state}")
    assert len(set(detail["ids"])) == 3
    assert set(detail["ids"]) <= set(ids)


async def test_a_command_that_breaks_off_tells_what_it_had_changed(
    guarded: RunningGateway,
    as_admin: httpx2.AsyncClient,
    connection: asyncpg.Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The queue is full after the first batch."""
    monkeypatch.setattr(bulk, "TASKS_A_BATCH", 2)
    await connection.execute("UPDATE tenant SET most_queued = 3 WHERE name = 'default'")
    for _ in range(5):
        await finished_task(connection, state="failed")
    answer = await as_admin.post("/v1/tasks/retry?state=failed")
    again: list[UUID] = [row["id"] for row in await connection.fetch("SELECT id FROM task WHERE state = 'queued'")]
    ((action, _, detail),) = await told(guarded, connection)

    assert answer.json()["code"] == "queue_full"
    assert (action, detail["changed"], set(detail["ids"])) == ("task.retry", len(again), {str(each) for each in again})
