"""The gateway's figures, in Prometheus' text format."""

import re
from pathlib import Path

import asyncpg
import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from helpers.asking import asked
from helpers.factories import finished_task, queued_task, running_task

pytestmark = pytest.mark.usefixtures("offered")
OPERATIONS = Path(__file__).parents[3] / "docs" / "operations.md"
ROW = re.compile(r"^\| `(sundog_[a-z_]+)` \| (\w+) \| ([^|]*) \| (.*) \|$", re.MULTILINE)
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


async def samples(client: httpx2.AsyncClient) -> Samples:
    answer = await client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = text_string_to_metric_families(answer.text)
    return {(each.name, frozenset(each.labels.items())): each.value for family in families for each in family.samples}


def at(found: Samples, name: str, **labels: str) -> float:
    return found[name, frozenset(labels.items())]


async def test_answers_are_counted_by_route_and_status(client: httpx2.AsyncClient) -> None:
    await client.get("/v1/tasks?limit=3")
    await client.get("/v1/tasks?limit=x")
    await client.get("/v1/tasks/01a202b5-f227-7cc4-9a41-a44f52e85de4")
    await client.put("/v1/datasets/a.csv", content=b"a\n")
    found = await samples(client)
    name = "sundog_http_request_seconds_count"

    assert at(found, name, route="/v1/tasks", method="GET", status="200") == 1
    assert at(found, name, route="/v1/tasks", method="GET", status="422") == 1
    assert at(found, name, route="/v1/tasks/{id}", method="GET", status="404") == 1
    assert at(found, name, route="/v1/datasets/{name}", method="PUT", status="201") == 1


async def test_what_somebody_made_up_is_one_series(client: httpx2.AsyncClient) -> None:
    for number in range(20):
        await client.request(f"BREW{number}", f"/made-up/{number}")
    found = await samples(client)

    assert at(found, "sundog_http_request_seconds_count", route="other", method="other", status="404") == 20


async def test_the_queue_is_shown_by_kind(client: httpx2.AsyncClient, connection: asyncpg.Connection) -> None:
    await client.post("/v1/tasks", json=await asked(connection))
    await queued_task(connection, tenant="another", priority=7)
    await connection.execute("UPDATE task SET run_at = now() - interval '1 hour' WHERE tenant = 'another'")
    await running_task(connection)
    await finished_task(connection, state="failed")
    found = await samples(client)

    assert at(found, "sundog_queue_tasks", kind="profile", state="queued") == 2
    assert at(found, "sundog_queue_tasks", kind="profile", state="running") == 1
    assert 3_600 <= at(found, "sundog_queue_oldest_seconds", kind="profile") < 3_700
    assert at(found, "sundog_tasks_ended_last_minute", kind="profile", state="failed") == 1
    assert at(found, "sundog_tasks_ended_last_minute", kind="profile", state="succeeded") == 0


async def test_a_look_at_the_queue_is_good_for_some_seconds(
    client: httpx2.AsyncClient, connection: asyncpg.Connection
) -> None:
    before = await samples(client)
    await queued_task(connection)
    after = await samples(client)

    assert at(before, "sundog_queue_tasks", kind="profile", state="queued") == 0
    assert at(after, "sundog_queue_tasks", kind="profile", state="queued") == 0


async def test_without_postgres_the_other_figures_are_there(at_the_door: httpx2.AsyncClient) -> None:
    found = await samples(at_the_door)

    assert at(found, "sundog_streams_open") == 0
    assert not any(name == "sundog_queue_tasks" for name, _ in found)


async def test_every_figure_is_documented_as_it_describes_itself(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/metrics")
    documented = {name: (kind, says) for name, kind, _, says in ROW.findall(OPERATIONS.read_text("utf-8"))}
    shown = {
        family.name: (family.type, family.documentation)
        for family in text_string_to_metric_families(answer.text)
        if family.name.startswith("sundog_")
    }

    assert shown
    for name, described in shown.items():
        assert documented.get(name.removesuffix("_total")) == described, name
