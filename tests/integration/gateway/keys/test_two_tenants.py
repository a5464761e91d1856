"""Two tenants at one gateway: whatever one does, the other sees nothing of it and can take no part in it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg
import httpx2
import pytest

from common.ids import uuid7
from common.tokens import Token
from helpers.event_stream import EventStream
from helpers.factories import a_kind, a_processor, an_artifact, finished_task, queued_task, running_task
from helpers.gateways import RunningGateway
from helpers.keys import a_key, bearer
from helpers.raw_http import connected_to

ROWS = b"a,b\n1,2\n"
OTHERS = b"c,d\n3,4\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Both of them, with a key each that may do most."""

    ours: httpx2.AsyncClient
    theirs: httpx2.AsyncClient
    their_key: Token


@pytest.fixture
async def two(guarded: RunningGateway, connection: asyncpg.Connection) -> AsyncIterator[Two]:
    await a_kind(connection)
    await a_processor(connection)
    our_key, their_key = [await a_key(connection, tenant=tenant) for tenant in ("ours", "theirs")]
    async with (
        httpx2.AsyncClient(base_url=guarded.url, headers=bearer(our_key)) as ours,
        httpx2.AsyncClient(base_url=guarded.url, headers=bearer(their_key)) as theirs,
    ):
        yield Two(ours=ours, theirs=theirs, their_key=their_key)


def told(answer: httpx2.Response) -> tuple[int, dict[str, Any]]:
    """What an answer says, without the id of its request and of what it made."""
    body = answer.json()
    return answer.status_code, {name: value for name, value in body.items() if name not in {"request_id", "instance"}}


async def a_task_of(client: httpx2.AsyncClient, *, content: bytes = ROWS, **more: object) -> dict[str, Any]:
    """Hand a file in and ask for a task about it."""
    dataset = (await client.put("/v1/datasets/a.csv", content=content)).json()
    asked_for = {"kind": "profile", "inputs": {"data": dataset["id"]}, **more}
    answer = await client.post("/v1/tasks", json=asked_for)
    assert answer.status_code == 202, answer.text
    task: dict[str, Any] = answer.json()
    return task


async def test_an_open_stream_of_rows_never_shows_a_foreign_one(guarded: RunningGateway, two: Two) -> None:
    async with connected_to(guarded.url) as raw:
        stream = await EventStream.open(raw, "/v1/events", authorization=f"Bearer {two.their_key.text}")
        for number in range(5):
            task = await a_task_of(two.ours, tags=[f"n{number}"])
            assert (await two.ours.post(f"/v1/tasks/{task['id']}/cancel")).status_code == 200
        last = await a_task_of(two.theirs)
        row = (await stream.event("task")).data

    assert row["id"] == last["id"]
    assert {block.data["tenant"] for block in stream.seen if block.event == "task"} == {"theirs"}


async def test_a_stream_of_rows_that_comes_back_is_not_given_foreign_ones(guarded: RunningGateway, two: Two) -> None:
    authorization = f"Bearer {two.their_key.text}"
    async with connected_to(guarded.url) as raw:
        stream = await EventStream.open(raw, "/v1/events", authorization=authorization)
        while stream.last_event_id is None:
            await stream.block()
    await a_task_of(two.ours)
    own = await a_task_of(two.theirs)
    async with connected_to(guarded.url) as raw:
        again = await EventStream.open(
            raw, "/v1/events", authorization=authorization, last_event_id=stream.last_event_id
        )
        row = (await again.event("task")).data

    assert row["id"] == own["id"]


async def test_a_feed_that_its_owner_watches_is_not_there_for_others(
    guarded: RunningGateway, two: Two, connection: asyncpg.Connection
) -> None:
    """The gateway has it in memory already, read for the owner."""
    ours = await a_key(connection, tenant="ours")
    task = await a_task_of(two.ours)
    path = task["urls"]["events"]
    async with connected_to(guarded.url) as raw:
        stream = await EventStream.open(raw, path, authorization=f"Bearer {ours.text}")
        await stream.event("queued")
        for query in ("", "?follow=0", "?after=1", "?after=99"):
            for accept in ("text/event-stream", "application/x-ndjson", "text/plain"):
                answer = await two.theirs.get(path + query, headers={"accept": accept})
                assert answer.status_code == 404


async def test_a_long_poll_of_a_foreign_task_does_not_wait(two: Two) -> None:
    task = await a_task_of(two.ours)
    etag = (await two.ours.get(task["urls"]["self"])).headers["etag"]
    for known in (etag, "*"):
        headers = {"if-none-match": known, "prefer": "wait=60"}
        answer = await two.theirs.get(task["urls"]["self"], headers=headers)

        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert "etag" not in answer.headers


async def test_a_result_is_never_reused_across_tenants(two: Two, connection: asyncpg.Connection) -> None:
    first = await a_task_of(two.ours)
    await connection.execute(
        "UPDATE task SET state = 'succeeded', finished_at = now() WHERE id = $1", UUID(first["id"])
    )
    await connection.execute("INSERT INTO result (task, lease, body) VALUES ($1, 1, '{}')", UUID(first["id"]))
    inputs = {"data": (await two.theirs.put("/v1/datasets/a.csv", content=ROWS)).json()["id"]}
    theirs = await two.theirs.post("/v1/tasks", json={"kind": "profile", "inputs": inputs, "reuse": True})
    again = await two.ours.post(
        "/v1/tasks", json={"kind": "profile", "inputs": {"data": first["inputs"]["data"]["id"]}, "reuse": True}
    )

    assert (theirs.status_code, theirs.json()["id"] != first["id"]) == (202, True)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])  # the owner's is


async def test_the_same_idempotency_key_stands_for_a_task_of_each(two: Two) -> None:
    bodies = {}
    for client in (two.ours, two.theirs):
        dataset = (await client.put("/v1/datasets/a.csv", content=ROWS)).json()["id"]
        bodies[client] = {"kind": "profile", "inputs": {"data": dataset}}
    headers = {"idempotency-key": "import-of-today"}
    first, second = [
        [await client.post("/v1/tasks", json=body, headers=headers) for client, body in bodies.items()]
        for _ in range(2)
    ]

    assert [answer.status_code for answer in first + second] == [202] * 4
    assert len({answer.json()["id"] for answer in first}) == 2
    assert [answer.json()["id"] for answer in first] == [answer.json()["id"] for answer in second]


async def test_whether_others_have_the_same_bytes_cannot_be_seen(two: Two) -> None:
    """Neither status, headers nor body of an upload tell; nor does removing it touch the other's."""
    await two.ours.put("/v1/datasets/a.csv", content=ROWS)
    known, unknown = [await two.theirs.put("/v1/datasets/b.csv", content=content) for content in (ROWS, OTHERS)]
    ours = (await two.ours.get("/v1/datasets")).json()["datasets"]
    removed = await two.theirs.delete(known.headers["location"])
    task = await a_task_of(two.ours)

    assert (known.status_code, unknown.status_code) == (201, 201)
    assert set(known.headers) == set(unknown.headers)
    assert known.json().keys() == unknown.json().keys()
    assert len(ours) == 1
    assert removed.status_code == 204
    assert task["inputs"]["data"]["id"] == ours[0]["id"]


async def test_commands_by_filter_reach_ones_own_alone(two: Two, connection: asyncpg.Connection) -> None:
    waiting = await a_task_of(two.ours, tags=["night"])
    failed = await finished_task(connection, tenant="ours", tags=["night"], state="failed")
    dataset = waiting["inputs"]["data"]["id"]
    before = await connection.fetch("SELECT id, state, version FROM task ORDER BY id")
    shared = ("tag=night", "kind=profile", f"dataset={dataset}", "text=csv")
    for query in ("state=queued", *shared):
        cancelled = await two.theirs.post(f"/v1/tasks/cancel?{query}")
        assert {**cancelled.json(), "next": None} == {"cancelled": 0, "stopping": 0, "next": None}, query
    for query in ("state=failed", *shared):
        retried = await two.theirs.post(f"/v1/tasks/retry?{query}")
        assert {**retried.json(), "next": None} == {"queued": 0, "next": None}, query
    assert await connection.fetch("SELECT id, state, version FROM task ORDER BY id") == before
    assert failed in {row["id"] for row in before}


async def test_a_task_cannot_work_on_foreign_bytes_however_it_is_asked_for(
    two: Two, connection: asyncpg.Connection
) -> None:
    foreign = (await two.ours.put("/v1/datasets/a.csv", content=ROWS)).json()["id"]
    nowhere = str(uuid7())
    own = await a_task_of(two.theirs)
    await two.theirs.post(f"/v1/tasks/{own['id']}/cancel")
    answers: list[list[tuple[int, str]]] = []
    for dataset in (foreign, nowhere):
        body = {"kind": "profile", "inputs": {"data": dataset}}
        made = [
            await two.theirs.post("/v1/tasks", json=body),
            await two.theirs.post("/v1/tasks", json=body, headers={"accept": "text/event-stream"}),
            await two.theirs.post("/v1/tasks/batch", json={"tasks": [body]}),
            await two.theirs.put(f"/v1/tasks/{uuid7()}", json=body),
            await two.theirs.post(f"/v1/tasks/{own['id']}/retry", json={"inputs": {"data": dataset}}),
        ]
        answers.append([(status, str(said).replace(dataset, "…")) for status, said in map(told, made)])

    assert answers[0] == answers[1]
    assert {status for status, _ in answers[0]} == {422}
    assert await connection.fetchval("SELECT count(*) FROM task_input WHERE dataset = $1", UUID(foreign)) == 0


async def test_figures_are_ones_own_and_those_of_all_are_the_operators(
    two: Two, as_admin: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = await a_task_of(two.ours)
    await running_task(connection, tenant="ours")
    stats = (await two.theirs.get("/v1/stats")).json()
    processors = (await two.theirs.get("/v1/processors")).json()["processors"]

    assert sum(kind["queued"]["value"] + kind["running"]["value"] for kind in stats["kinds"]) == 0
    assert stats["last_minute"]["created"]["value"] == 0
    assert {processor["running"] for processor in processors} == {0}
    assert task["id"] not in str((stats, processors))
    assert (await two.theirs.get("/metrics")).status_code == 403
    assert (await as_admin.get("/metrics")).status_code == 200


async def test_artifacts_are_there_for_their_owner_alone(two: Two, connection: asyncpg.Connection) -> None:
    task = await finished_task(connection, tenant="ours")
    await an_artifact(connection, task)
    sha256 = await connection.fetchval("SELECT sha256 FROM artifact WHERE task = $1", task)
    assert (await two.ours.get(f"/v1/tasks/{task}/artifacts")).status_code == 200
    for path in (f"/v1/tasks/{task}/artifacts", f"/v1/tasks/{task}/artifacts/report.html", f"/v1/tasks/{task}/result"):
        for headers in ({}, {"if-none-match": f'"{sha256}"'}, {"if-none-match": "*"}, {"range": "bytes=0-0"}):
            for method in ("GET", "HEAD"):
                answer = await two.theirs.request(method, path, headers=headers)
                assert answer.status_code == 404, (method, path, headers)


async def test_a_foreign_id_answers_like_ones_own_that_is_taken_and_only_to_a_request_that_would_be_recorded(
    two: Two, connection: asyncpg.Connection
) -> None:
    body = await asked_by(two.theirs)
    theirs, ours = f"/v1/tasks/{uuid7()}", f"/v1/tasks/{(await a_task_of(two.ours))['id']}"
    nobodys = f"/v1/tasks/{uuid7()}"
    assert (await two.theirs.put(theirs, json=body)).status_code == 202
    taken = [told(await two.theirs.put(path, json={**body, "priority": 3})) for path in (theirs, ours)]
    unfit = [
        [told(await two.theirs.put(path, json=wrong)) for wrong in ({**body, "kind": "nix"}, {**body, "inputs": {}})]
        for path in (ours, nobodys)
    ]

    assert taken[0] == taken[1]
    assert taken[0][0] == 409
    assert unfit[0] == unfit[1]
    assert await connection.fetchval("SELECT count(*) FROM task WHERE tenant = 'theirs'") == 1


async def test_an_old_foreign_id_is_one_that_nobody_has(two: Two, connection: asyncpg.Connection) -> None:
    body = await asked_by(two.theirs)
    task = await queued_task(connection, tenant="ours")
    old = UUID(int=task.int - (int(timedelta(days=2).total_seconds() * 1000) << 80))
    await connection.execute(
        "INSERT INTO task (id, tenant, kind, timeout_s, memory_mb, max_attempts)"
        " SELECT $1, tenant, kind, 1, 100, 1 FROM task WHERE id = $2",
        old,
        task,
    )
    foreign, nobodys = [
        told(await two.theirs.put(f"/v1/tasks/{identity}", json=body)) for identity in (old, UUID(int=old.int + 1))
    ]

    assert foreign == nobodys
    assert foreign[1]["code"] == "id_invalid"


async def asked_by(client: httpx2.AsyncClient) -> Mapping[str, Any]:
    """A request that would be recorded."""
    dataset = (await client.put("/v1/datasets/a.csv", content=ROWS)).json()["id"]
    return {"kind": "profile", "inputs": {"data": dataset}}
