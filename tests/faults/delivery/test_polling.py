"""A gateway and a processor on a database that is only reached through a transaction pooler: nobody hears a hint."""

from pathlib import Path
from typing import Any, Final

import asyncpg
import pytest

from helpers.asking import story
from helpers.database import Database
from helpers.event_stream import EventStream
from helpers.eventually import eventually
from helpers.gateway_process import gateway_process
from helpers.processor_process import environment_of, processor_process
from helpers.processors import ProcessorFactory, ended
from helpers.raw_http import Connection, connected_to

LISTENERS: Final = "SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'sundog-%-listener'"
OFFERED: Final = "SELECT true FROM kind WHERE name = 'gate'"
POLL: Final = {"DATABASE_NOTIFIER": "poll", "STREAM_POLL_S": "0.05", "GATEWAY_KINDS_CACHE_S": "0"}


@pytest.fixture
def polling(processors: ProcessorFactory) -> dict[str, str]:
    """What a processor is told that polls."""
    return environment_of(processors) | {"SUNDOG_DATABASE_NOTIFIER": "poll"}


async def post(connection: Connection, path: str, body: Any) -> dict[str, Any]:
    await connection.request(path, method="POST", body=body)
    answer = await connection.answer()
    told: dict[str, Any] = await answer.json()
    assert answer.status in {200, 202}, told
    return told


async def test_a_task_runs_and_its_story_arrives_to_the_end(
    database: Database, connection: asyncpg.Connection, polling: dict[str, str], tmp_path: Path
) -> None:
    async with (
        processor_process(environment=polling),
        gateway_process(database, tmp_path / "gateway", **POLL) as gateway,
        connected_to(gateway.url) as client,
    ):
        await eventually(lambda: connection.fetchval(OFFERED))
        gate = tmp_path / "gate"
        task = await post(client, "/v1/tasks", {"kind": "story", "inputs": {}, "params": {"gate": str(gate)}})
        stream = await EventStream.open(client, task["urls"]["events"])
        await stream.event("partial")
        gate.touch()
        rest = await stream.events()
        listeners = await connection.fetch(LISTENERS)
        told = await story(connection, task["id"])

    assert [event.event for event in rest][-2:] == ["succeeded", "end"]
    assert [int(event.id) for event in stream.seen if event.id] == [seq for seq, _ in told]
    assert listeners == []


async def test_a_running_task_is_cancelled(
    database: Database, connection: asyncpg.Connection, polling: dict[str, str], tmp_path: Path
) -> None:
    async with (
        processor_process(environment=polling),
        gateway_process(database, tmp_path / "gateway", **POLL) as gateway,
        connected_to(gateway.url) as client,
        connected_to(gateway.url) as other,
    ):
        await eventually(lambda: connection.fetchval(OFFERED))
        asked = {"kind": "gate", "inputs": {}, "params": {"gate": str(tmp_path / "never")}}
        task = await post(client, "/v1/tasks", asked)
        stream = await EventStream.open(client, task["urls"]["events"])
        await stream.event("log")
        await post(other, task["urls"]["cancel"], {})
        rest = await stream.events()
        row = await ended(connection, task["id"])

    assert [event.event for event in rest][-2:] == ["cancelled", "end"]
    assert row["state"] == "cancelled"
