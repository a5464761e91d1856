"""Asking for a task."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx2
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from common.notifier import Notifier
from common.words import Channel
from helpers.asking import asked
from helpers.factories import a_dataset, a_kind, a_processor

pytestmark = pytest.mark.usefixtures("offered")


async def test_a_task_is_recorded_with_its_inputs_and_the_first_event(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    body = await asked(connection, params={"top_k": 5}, priority=7, tags=["nightly"])
    answer = await client.post("/v1/tasks", json=body)

    assert answer.status_code == 202
    task = answer.json()
    assert (task["state"], task["params"], task["priority"], task["tags"]) == ("queued", {"top_k": 5}, 7, ["nightly"])
    assert task["inputs"] == {"data": {"id": body["inputs"]["data"], "name": "flights.csv", "bytes": 8}}
    assert (task["progress"], task["attempts"], task["error"], task["started_at"]) == (None, [], None, None)
    assert UUID(task["id"]).version == 7
    assert answer.headers["location"] == task["urls"]["self"]
    assert answer.headers["retry-after"] == "1"
    story = await connection.fetch("SELECT seq, type, attempt, data FROM event WHERE task = $1", UUID(task["id"]))
    assert [tuple(event) for event in story] == [(1, "queued", None, "{}")]
    assert await connection.fetchval("SELECT last_seq FROM task") == 1


async def test_the_answer_is_what_is_shown_afterwards(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    answer = await client.post("/v1/tasks", json=await asked(connection, params={"top_k": 5}, tags=["a"]))
    shown = await client.get(answer.headers["location"])

    assert shown.json() == answer.json()
    assert shown.headers["etag"] == answer.headers["etag"]


async def test_what_is_not_said_comes_from_the_settings(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    task = (await client.post("/v1/tasks", json=await asked(connection))).json()

    assert (task["timeout_s"], task["memory_mb"], task["max_attempts"], task["priority"]) == (600, 2048, 3, 0)
    assert task["run_at"] == task["created_at"]


async def test_hints_follow_the_commit(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, notifier: Notifier
) -> None:
    heard: dict[str, str] = {}
    for channel in (Channel.WORK, Channel.FEED):
        await connection.add_listener(channel, lambda _c, _pid, channel, payload: heard.update({channel: payload}))

    task = (await client.post("/v1/tasks", json=await asked(connection))).json()
    await notifier.flush()
    await connection.execute("SELECT 1")  # notifications come before an answer

    assert heard == {Channel.WORK: "profile", Channel.FEED: task["id"]}


async def test_a_task_in_one_call_with_its_file(client: httpx2.AsyncClient) -> None:
    answer = await client.post(
        "/v1/tasks",
        files={"data": ("flights.csv", b"a,b\n1,2\n")},
        data={"kind": "profile", "params": '{"top_k": 5}', "priority": "3", "tags": ["a", "b"], "timeout_s": "60"},
    )

    assert answer.status_code == 202
    task = answer.json()
    assert (task["params"], task["priority"], task["tags"], task["timeout_s"]) == ({"top_k": 5}, 3, ["a", "b"], 60)
    dataset = (await client.get(f"/v1/datasets/{task['inputs']['data']['id']}")).json()
    assert (dataset["name"], dataset["bytes"]) == ("flights.csv", 8)


async def test_a_field_of_a_form_is_pointed_at(client: httpx2.AsyncClient) -> None:
    wrong: list[tuple[Mapping[str, str], str, str]] = [
        ({"kind": "profile", "params": "{"}, "request_invalid", "/params"),
        ({"kind": "profile", "params": '{"top_k": -1}'}, "params_invalid", "/params/top_k"),
        ({"kind": "profile", "priority": "high"}, "request_invalid", "/priority"),
        ({"kind": "profile", "colour": "red"}, "request_invalid", "/colour"),
        ({"kind": "profile", "inputs": "[]"}, "request_invalid", "/inputs"),
        ({}, "request_invalid", "/kind"),
    ]
    for fields, code, pointer in wrong:
        answer = await client.post("/v1/tasks", files={"data": ("a.csv", b"a\n1\n")}, data=fields)

        assert answer.status_code == 422
        assert (answer.json()["code"], answer.json()["pointer"]) == (code, pointer)


async def test_a_file_for_the_same_input_twice_is_refused(client: httpx2.AsyncClient) -> None:
    files = [("data", ("a.csv", b"a\n1\n")), ("data", ("b.csv", b"b\n1\n"))]
    answer = await client.post("/v1/tasks", files=files, data={"kind": "profile"})

    assert (answer.status_code, answer.json()["pointer"]) == (422, "/inputs/data")


async def test_a_wrong_parameter_names_its_place(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    answer = await client.post("/v1/tasks", json=await asked(connection, params={"quantiles": [0, 0.5, 2]}))

    assert answer.status_code == 422
    problem = answer.json()
    assert (problem["code"], problem["pointer"]) == ("params_invalid", "/params/quantiles/2")
    assert problem["detail"] == "/params/quantiles/2: must be ≤ 1"
    assert problem["errors"] == [{"pointer": "/params/quantiles/2", "detail": "must be ≤ 1"}]


async def test_an_unknown_kind_is_told_what_there_is(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    answer = await client.post("/v1/tasks", json=await asked(connection, kind="prophecy"))

    assert (answer.status_code, answer.json()["code"]) == (422, "kind_unknown")
    assert answer.json()["advice"] == "Kinds on offer now: profile."


async def test_a_kind_that_was_perhaps_meant_is_named(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    asking = await client.post("/v1/tasks", json={**await asked(connection), "kind": "profil"})
    looking = await client.get("/v1/kinds/Profiles")

    for answer in (asking, looking):
        assert answer.json()["advice"] == "Did you mean profile? Kinds on offer now: profile."


@pytest.mark.parametrize(
    ("field", "sent", "said"),
    [
        ("priority", "high", "/priority: must be a whole number"),
        ("reuse", "yes", "/reuse: must be true or false"),
        (
            "params",
            '{"top_k" 5}',
            "/params: must be an object as JSON. This is no JSON: a colon is missing, at line 1, column 10.",
        ),
    ],
)
async def test_a_field_of_a_form_is_judged_as_what_it_is(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, field: str, sent: str, said: str
) -> None:
    dataset = (await asked(connection))["inputs"]["data"]
    form = {"kind": (None, "profile"), "inputs": (None, f'{{"data": "{dataset}"}}'), field: (None, sent)}
    answer = await client.post("/v1/tasks", files=form)

    assert (answer.status_code, answer.json()["detail"]) == (422, said)


async def test_a_kind_that_nobody_living_offers_waits_until_somebody_does(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_kind(connection, name="convert")
    await a_processor(connection, kinds=["convert"], heartbeat_age=timedelta(minutes=5))
    answer = await client.post("/v1/tasks", json=await asked(connection, kind="convert"))

    assert (answer.status_code, answer.json()["state"]) == (202, "queued")


async def test_a_new_kind_shows_without_a_restart(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection, kind="convert")
    before = await client.post("/v1/tasks", json=body)
    await a_kind(connection, name="convert")
    await a_processor(connection, kinds=["convert"])

    assert (before.status_code, (await client.post("/v1/tasks", json=body)).status_code) == (422, 202)


async def test_datasets_must_be_there(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    for missing in (uuid4(), await a_dataset(connection, tenant="other")):
        answer = await client.post("/v1/tasks", json=await asked(connection, inputs={"data": str(missing)}))

        assert (answer.status_code, answer.json()["code"]) == (422, "dataset_unknown")
        assert answer.json()["pointer"] == "/inputs/data"
    assert await connection.fetchval("SELECT count(*) FROM task") == 0


async def test_inputs_are_those_of_the_kind(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    dataset = str(await a_dataset(connection))
    for names, pointer in (([], "/inputs/data"), (["data", "more"], "/inputs/more"), (["table"], "/inputs/data")):
        answer = await client.post("/v1/tasks", json={"kind": "profile", "inputs": dict.fromkeys(names, dataset)})

        assert (answer.status_code, answer.json()["code"]) == (422, "inputs_invalid")
        assert answer.json()["pointer"] == pointer


async def test_a_kind_may_take_inputs_of_any_names_but_not_none(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_kind(connection, name="query", inputs={"*": "a table"})
    dataset = str(await a_dataset(connection))
    empty = await client.post("/v1/tasks", json={"kind": "query", "inputs": {}})
    taken = await client.post("/v1/tasks", json={"kind": "query", "inputs": {"orders": dataset, "my table": dataset}})

    assert (empty.status_code, empty.json()["code"], empty.json()["pointer"]) == (422, "inputs_invalid", "/inputs")
    assert taken.status_code == 202
    assert set(taken.json()["inputs"]) == {"orders", "my table"}


async def test_an_input_with_a_question_mark_may_be_left_out(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_kind(connection, name="validate", inputs={"data": "a table", "reference?": "another"})
    await a_processor(connection, kinds=["validate"])
    dataset = str(await a_dataset(connection))
    for names, status in ((["data"], 202), (["data", "reference"], 202), (["reference"], 422), (["data", "more"], 422)):
        inputs = dict.fromkeys(names, dataset)
        answer = await client.post("/v1/tasks", json={"kind": "validate", "inputs": inputs, "params": {}})

        assert answer.status_code == status, answer.json()


async def test_limits_have_a_most(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    for field in ("timeout_s", "memory_mb", "max_attempts"):
        answer = await client.post("/v1/tasks", json={**body, field: 2**31 - 1})

        assert (answer.status_code, answer.json()["pointer"]) == (422, f"/{field}")


async def test_a_task_may_use_a_dataset_twice(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await a_kind(connection, name="compare", inputs={"before": "a table", "after": "a table"})
    await a_processor(connection, kinds=["compare"])
    dataset = str(await a_dataset(connection))
    answer = await client.post("/v1/tasks", json={"kind": "compare", "inputs": {"before": dataset, "after": dataset}})

    assert answer.status_code == 202
    assert list(answer.json()["inputs"]) == ["after", "before"]


async def test_characters_that_text_columns_cannot_hold_survive_in_params(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    await a_kind(connection, name="free", params_schema={"type": "object"})
    await a_processor(connection, kinds=["free"])
    answer = await client.post("/v1/tasks", json=await asked(connection, kind="free", params={"a\x00": ["\x00", "é"]}))

    assert answer.status_code == 202
    assert (await client.get(answer.headers["location"])).json()["params"] == {"a\x00": ["\x00", "é"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"params": {"a": ["é", {"b": "\udfffx"}]}}, "/params/a/1/b"),
        ({"params": {"a": {"\ud800": 1}}}, "/params/a"),
        ({"kind": "\ud800"}, "/kind"),
        ({"inputs": {"\ud800": str(uuid4())}}, "/inputs"),
        ({"tags": ["a", "b\ud800"]}, "/tags/1"),
        ({"\ud800": 1}, ""),
    ],
)
async def test_half_a_character_is_refused_at_its_place(
    client: httpx2.AsyncClient, connection: asyncpg.Connection, change: dict[str, Any], pointer: str
) -> None:
    """No child could be told of it, so the task would only fail later."""
    await a_kind(connection, name="free", params_schema={"type": "object"})
    body = await asked(connection, kind="free") | change
    ways = {
        "/v1/tasks": (body, pointer),
        "/v1/tasks/batch": ({"tasks": [{}, body]}, f"/tasks/1{pointer}"),
        f"/v1/tasks/{uuid4()}/retry": (change, pointer),
    }
    for path, (sent, place) in ways.items():
        answer = await client.post(path, content=json.dumps(sent), headers={"content-type": "application/json"})
        problem = answer.json()

        assert (answer.status_code, problem["code"], problem["pointer"]) == (422, "request_invalid", place)
        assert "whole characters" in problem["detail"]


async def test_a_trace_is_kept_with_the_task(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    body = await asked(connection)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    for sent in (trace, "nonsense"):
        await client.post("/v1/tasks", json=body, headers={"traceparent": sent})

    kept = await connection.fetch("SELECT traceparent FROM task ORDER BY created_at")
    assert [row["traceparent"] for row in kept] == [trace, None]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(alphabet=st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet=st.characters()), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["kind", "inputs", "params", "priority", "run_at", "timeout_s", "memory_mb", "max_attempts", "tags", "reuse"]


@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=3))
async def test_no_body_leads_to_an_error_of_our_own(
    client: httpx2.AsyncClient, dataset: str, changes: Mapping[str, object]
) -> None:
    body = json.dumps({"kind": "free", "inputs": {"data": dataset}, **changes})
    answer = await client.post("/v1/tasks", content=body, headers={"content-type": "application/json"})

    assert answer.status_code in {202, 400, 413, 422}


@pytest.fixture
async def dataset(connection: asyncpg.Connection) -> str:
    """With a kind that takes any params, so that they reach the database."""
    await a_kind(connection, name="free", params_schema={"type": "object"})
    await a_processor(connection, kinds=["free"])
    return str(await a_dataset(connection))
