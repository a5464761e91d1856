"""Many tasks in one request: all of them or none."""

from typing import Any
from uuid import uuid4

import anyio
import asyncpg
import httpx2
import pytest

from common.database import Pool
from common.notifier import Notifier
from common.words import Channel
from gateway.admission import Admission
from gateway.batch import admit_batch
from gateway.errors import RequestInvalidError
from gateway.kinds import Catalogue
from gateway.settings import GatewaySettings
from helpers.asking import asked, story
from helpers.factories import a_dataset, a_kind

pytestmark = pytest.mark.usefixtures("offered")


@pytest.fixture
def settings() -> GatewaySettings:
    return GatewaySettings(kinds_cache_s=0.5)


async def post(client: httpx2.AsyncClient, tasks: object) -> httpx2.Response:
    return await client.post("/v1/tasks/batch", json={"tasks": tasks})


async def test_all_tasks_are_recorded_in_the_order_of_the_request(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection)
    answer = await post(client, [{**body, "priority": number, "tags": [f"n{number}", "all"]} for number in range(5)])

    assert answer.status_code == 202
    tasks = answer.json()["tasks"]
    assert [task["priority"] for task in tasks] == [0, 1, 2, 3, 4]
    assert [task["id"] for task in tasks] == sorted(task["id"] for task in tasks)
    for task in tasks:
        assert (await client.get(task["urls"]["self"])).json() == task
        assert await story(connection, task["id"]) == [(1, "queued")]
    assert await connection.fetchval("SELECT count(*) FROM task_tag WHERE tag = 'all'") == 5


async def test_a_batch_of_the_largest_size_is_taken(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    answer = await post(client, [body] * 1_000)

    assert (answer.status_code, len(answer.json()["tasks"])) == (202, 1_000)
    counts = await connection.fetchrow(
        "SELECT (SELECT count(*) FROM task), (SELECT count(*) FROM task_input), (SELECT count(*) FROM event)"
    )
    assert tuple(counts or ()) == (1_000, 1_000, 1_000)


async def test_hints_come_once_for_all(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, notifier: Notifier
) -> None:
    heard: list[tuple[str, str]] = []
    for channel in (Channel.WORK, Channel.FEED):
        await connection.add_listener(channel, lambda _c, _pid, channel, payload: heard.append((channel, payload)))
    tasks = (await post(client, [await asked(connection)] * 3)).json()["tasks"]
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert sorted(channel for channel, _ in heard) == [Channel.FEED, Channel.WORK]
    assert {task["id"] for task in tasks} == set(dict(heard)[Channel.FEED].split(","))


async def test_one_wrong_task_keeps_all_out_and_is_pointed_at(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    right = await asked(connection)
    unknown = str(uuid4())
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({**right, "params": {"quantiles": [0, 2]}}, "params_invalid", "/tasks/2/params/quantiles/1"),
        ({**right, "kind": "prophecy"}, "kind_unknown", "/tasks/2/kind"),
        ({**right, "inputs": {"data": unknown}}, "dataset_unknown", "/tasks/2/inputs/data"),
        ({**right, "inputs": {}}, "inputs_invalid", "/tasks/2/inputs/data"),
        ({**right, "memory_mb": 10**9}, "request_invalid", "/tasks/2/memory_mb"),
        ({**right, "colour": "red"}, "request_invalid", "/tasks/2/colour"),
    ]
    for task, code, pointer in wrong:
        answer = await post(client, [right, right, task])

        assert (answer.status_code, answer.json()["code"], answer.json()["pointer"]) == (422, code, pointer)
    assert await connection.fetchval("SELECT count(*) FROM task") == 0


async def test_the_faults_of_several_tasks_are_listed_together(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    right = await asked(connection)
    tasks = [right, {**right, "kind": "prophecy"}, right, {**right, "params": {"top_k": -1}}]
    problem = (await post(client, tasks)).json()

    assert problem["code"] == "kind_unknown"
    assert [fault["pointer"] for fault in problem["errors"]] == ["/tasks/1/kind", "/tasks/3/params/top_k"]


async def test_no_more_faults_are_listed_than_anybody_reads(client: httpx2.AsyncClient) -> None:
    assert len((await post(client, [{}] * 1_000)).json()["errors"]) == 20


async def test_a_batch_is_looked_into_no_longer_than_one_task(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    """Finding out what is wrong with one of these takes all that a request may take."""
    tree: dict[str, Any] = {"type": "object", "minProperties": 9}
    tree["anyOf"] = [{"properties": {name: {"$ref": "#/$defs/tree"}}} for name in "aaa"]
    await a_kind(connection, name="trees", params_schema={"$defs": {"tree": tree}, "$ref": "#/$defs/tree"})
    leaf: dict[str, Any] = {}
    for _ in range(20):
        leaf = {"a": leaf}
    problem = (await post(client, [await asked(connection, kind="trees", params=leaf)] * 5)).json()

    assert problem["code"] == "params_invalid"
    assert {fault["pointer"].split("/")[2] for fault in problem["errors"]} == {"0"}


async def test_others_get_their_turn_after_each_task_that_is_refused(pool: Pool) -> None:
    admission = Admission(catalogue=Catalogue(pool=pool, fresh_s=60, cache_s=3_600), settings=GatewaySettings())
    await admission.kind("profile")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await anyio.lowlevel.checkpoint()
            turns += 1

    async with anyio.create_task_group() as group:
        group.start_soon(count)
        with pytest.raises(RequestInvalidError) as caught:
            await admit_batch({"tasks": [{"kind": "profile", "inputs": {}}] * 19}, admission=admission)
        group.cancel_scope.cancel()

    assert len(caught.value.faults) == 19
    assert turns >= 19


async def test_of_many_fields_that_a_batch_does_not_have_some_are_told_and_long_ones_are_cut(
    at_the_door: httpx2.AsyncClient,
) -> None:
    body = {"a" * 300_000: 1, **{f"b{number}": 1 for number in range(50_000)}, "tasks": []}
    errors = (await at_the_door.post("/v1/tasks/batch", json=body)).json()["errors"]

    assert errors[0] == {"pointer": "", "detail": "a" * 60 + "…: is no field of a batch"}
    assert [fault["pointer"] for fault in errors[1:]] == [f"/b{number}" for number in range(19)]


async def test_what_is_no_batch_is_refused(at_the_door: httpx2.AsyncClient) -> None:
    wrong: list[object] = [[], {}, {"tasks": {}}, {"tasks": []}, {"tasks": [{}] * 1_001}, {"tasks": [], "a": 1}]
    for body in wrong:
        answer = await at_the_door.post("/v1/tasks/batch", json=body)

        assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")


async def test_tasks_of_several_kinds_wake_the_processors_of_each(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, notifier: Notifier
) -> None:
    await a_kind(connection, name="empty", inputs={}, params_schema={"type": "object"})
    await connection.execute("UPDATE kind SET inputs = '{}' WHERE name = 'empty'")
    heard: list[str] = []
    await connection.add_listener(Channel.WORK, lambda _c, _pid, _channel, payload: heard.append(payload))
    dataset = str(await a_dataset(connection))
    tasks = [{"kind": "empty", "inputs": {}}, {"kind": "profile", "inputs": {"data": dataset}}]
    answer = await post(client, tasks)
    await notifier.flush()
    await connection.execute("SELECT 1")

    assert answer.status_code == 202
    assert set(",".join(heard).split(",")) == {"empty", "profile"}
