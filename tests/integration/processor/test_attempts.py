"""One attempt and what becomes of its task, with real children on a real Postgres."""

import json
import os
import signal
from pathlib import Path

import anyio
import asyncpg
import pytest

from helpers.factories import queued_task
from helpers.processes import descendants
from helpers.processors import ProcessorFactory, ended, feed, outcomes, running_pid
from processor.allocator import VARIABLE, allocator_settings


async def test_a_task_runs_and_its_feed_tells_the_whole_story(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="story")
        row = await ended(connection, task)

    assert row["state"] == "succeeded"
    events = await feed(connection, task)
    assert [event["type"] for event in events][:2] == ["queued", "started"]
    assert [event["type"] for event in events].count("partial") == 1
    assert events[-1]["type"] == "succeeded"
    assert json.loads(events[-1]["data"]) == {"result_url": f"/v1/tasks/{task}/result"}
    body = json.loads(await connection.fetchval("SELECT body FROM result WHERE task = $1", task))
    assert body["data"] == {"done": True}
    assert body["artifacts"] == [{"name": "made.txt", "bytes": 10, "media_type": "text/plain"}]
    progress = json.loads(await connection.fetchval("SELECT data FROM progress WHERE task = $1", task))
    assert (progress["phase"], progress["rows"], progress["fraction"]) == ("count", 3, 1.0)  # the last that it told
    attempt = await connection.fetchrow("SELECT * FROM attempt WHERE task = $1", task)
    assert attempt["outcome"] == "succeeded"
    assert attempt["peak_memory_bytes"] > 0


@pytest.mark.parametrize(
    ("kind", "state", "code", "outcome"),
    [
        ("refuse", "failed", "input_unreadable", ["failed"]),
        ("unknown-error", "failed", "analysis_failed", ["failed"]),
        ("segfault", "failed", "quarantined", ["crashed"] * 3),
        ("abort", "failed", "quarantined", ["crashed"] * 3),
        ("leave", "failed", "quarantined", ["crashed"] * 3),
        ("nonsense", "failed", "quarantined", ["crashed"] * 3),
        ("too-much", "failed", "quarantined", ["crashed"] * 3),
        ("link", "failed", "artifact_outside", ["failed"]),
    ],
)
async def test_a_child_that_breaks_fails_its_task_and_harms_nobody(
    processors: ProcessorFactory, connection: asyncpg.Connection, kind: str, state: str, code: str, outcome: list[str]
) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind=kind, max_attempts=5)
        neighbour = await queued_task(connection, inputs={}, kind="noop")
        row = await ended(connection, task)
        beside = await ended(connection, neighbour)

    assert row["state"] == state
    assert json.loads(row["error"])["code"] == code
    assert "secret" not in row["error"]
    assert await outcomes(connection, task) == outcome
    assert beside["state"] == "succeeded"
    await feed(connection, task)


async def test_a_task_that_needs_too_much_memory_is_tried_once_more_in_low_memory_mode(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        task = await queued_task(
            connection, inputs={}, kind="memory", memory_mb=300, params={"megabytes": 600, "gate": "/nowhere"}
        )
        row = await ended(connection, task)

    assert row["state"] == "succeeded"
    assert await outcomes(connection, task) == ["out_of_memory", "succeeded"]


async def test_a_task_that_takes_too_long_is_stopped_even_if_it_ignores_interrupts(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(cancel_grace_s=0.1):
        task = await queued_task(connection, inputs={}, kind="stubborn", timeout_s=1, params={"gate": "/nowhere"})
        row = await ended(connection, task)

    assert row["state"] == "failed"
    assert json.loads(row["error"])["code"] == "timed_out"
    assert await outcomes(connection, task) == ["timed_out"]


@pytest.mark.parametrize(("timeout_s", "outcome"), [(60, "succeeded"), (1, "timed_out")])
async def test_where_a_used_child_ends_without_a_word_a_new_one_has_the_rest_of_the_time(
    processors: ProcessorFactory, connection: asyncpg.Connection, timeout_s: int, outcome: str
) -> None:
    async with processors.start(slots=1):
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        task = await queued_task(connection, inputs={}, kind="worn", params={"seconds": 0.7}, timeout_s=timeout_s)
        await ended(connection, task)

    assert await outcomes(connection, task) == [outcome]


async def test_a_task_that_fills_the_disk_is_stopped(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(scratch_mb=2):
        task = await queued_task(connection, inputs={}, kind="disk", params={"megabytes": 8, "gate": "/nowhere"})
        row = await ended(connection, task)

    assert json.loads(row["error"])["code"] == "out_of_disk"
    assert not list((processors.folder / "work" / "1" / "children").iterdir())


async def test_a_flood_of_log_lines_is_cut_off_and_says_so(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(log_lines=10):
        task = await queued_task(connection, inputs={}, kind="flood", params={"lines": 2000})
        row = await ended(connection, task)

    assert row["state"] == "succeeded"
    lines = [json.loads(event["data"]) for event in await feed(connection, task) if event["type"] == "log"]
    assert len(lines) == 10
    assert all(len(line["message"]) <= 4000 for line in lines)
    assert "the rest is dropped" in lines[-1]["message"]


async def test_a_running_task_is_cancelled_and_its_child_is_gone(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(cancel_grace_s=600):  # it obeys, so nobody waits for the end of that
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"})
        pid = await running_pid(connection, task)
        await connection.execute("UPDATE task SET cancel_requested_at = now() WHERE id = $1", task)
        await connection.execute("SELECT pg_notify('sundog_control', $1)", str(task))
        row = await ended(connection, task)

    assert row["state"] == "cancelled"
    assert not os.path.exists(f"/proc/{pid}")  # noqa: PTH110 - /proc is no disk


async def test_a_child_that_is_killed_from_outside_costs_an_attempt_and_no_more(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    gate = processors.folder / "gate"
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        os.kill(await running_pid(connection, task), signal.SIGKILL)
        await running_pid(connection, task, attempt=2)
        gate.touch()
        row = await ended(connection, task)

    assert row["state"] == "succeeded"
    assert await outcomes(connection, task) == ["crashed", "succeeded"]


async def test_a_stop_lets_what_runs_finish(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    gate = processors.folder / "gate"
    async with processors.start() as processor, anyio.create_task_group() as group:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": str(gate)})
        await running_pid(connection, task)
        group.start_soon(processor.stop)
        gate.touch()

    assert await outcomes(connection, task) == ["succeeded"]
    assert await connection.fetchval("SELECT count(*) FROM processor") == 0


async def test_what_a_stop_cannot_wait_for_goes_back_to_the_queue_and_burns_nothing(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(grace_s=0) as processor:
        task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"}, max_attempts=1)
        await running_pid(connection, task)
        await processor.stop()

    row = await connection.fetchrow("SELECT * FROM task WHERE id = $1", task)
    assert (row["state"], row["failures"], row["crashes"]) == ("queued", 0, 0)
    assert await outcomes(connection, task) == ["interrupted"]
    assert (await feed(connection, task))[-1]["type"] == "retrying"


async def test_a_child_sees_nothing_of_the_services_environment(
    processors: ProcessorFactory, connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUNDOG_DATABASE_DSN", "postgresql://someone:secret@nowhere/")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    async with processors.start():
        fork_server = next(pid for pid, command in descendants(os.getpid()).items() if "forkserver" in command)
        task = await queued_task(connection, inputs={}, kind="environment")
        await ended(connection, task)
        own_score = Path(f"/proc/{fork_server}/oom_score_adj").read_text("ascii")

    data = json.loads(await connection.fetchval("SELECT body FROM result WHERE task = $1", task))["data"]
    assert set(data["environment"]) <= {
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "HOME",
        "TMPDIR",
        "POLARS_MAX_THREADS",
        "POLARS_OOC_SPILL_DIR",
        "_RJEM_MALLOC_CONF",  # see processor.allocator
    }
    assert data["environment"][VARIABLE].endswith(allocator_settings(threads=1)[VARIABLE])
    assert data["no_new_privs"] == "1"
    assert data["nice"] >= 10
    assert data["oom_score"] == "800"
    assert own_score == Path("/proc/self/oom_score_adj").read_text("ascii")
    assert data["cwd"].startswith(str(processors.folder / "work" / "1" / "children"))
