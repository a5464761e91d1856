"""Several processors beside each other: over one queue, with clocks that disagree, on a machine whose disk is full."""

import shutil
import subprocess
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.mortal_processor import mortal_processor
from helpers.processors import ProcessorFactory, ended, feed, outcomes, running_pid

TASKS = 200
UNFINISHED = "SELECT count(*) = 0 FROM task WHERE finished_at IS NULL"
# What the interpreter of a processor runs first: its clock is wrong from its first moment on.
WRONG_CLOCK = """
import os
import time

skew = float(os.environ["SKEW_S"])
right, right_ns = time.time, time.time_ns
time.time = lambda: right() + skew
time.time_ns = lambda: right_ns() + int(skew * 1e9)
"""


async def test_processors_that_race_for_tasks_run_each_once(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    tasks = [await queued_task(connection, inputs={}, kind="noop") for _ in range(TASKS)]
    await connection.execute("UPDATE task SET run_at = now() + interval '1 hour'")
    async with AsyncExitStack() as stack:
        for _ in range(4):
            await stack.enter_async_context(mortal_processor(processors, slots=4))
        await eventually(lambda: connection.fetchval("SELECT count(*) = 4 FROM processor"), within=60)
        await connection.execute("UPDATE task SET run_at = now()")
        await connection.execute("SELECT pg_notify('sundog_work', 'noop')")
        await eventually(lambda: connection.fetchval(UNFINISHED), within=60)

    assert await connection.fetchval("SELECT count(*) FROM task WHERE state = 'succeeded'") == TASKS
    assert await connection.fetchval("SELECT count(*) FROM attempt") == TASKS
    assert await connection.fetchval("SELECT count(*) FROM result") == TASKS
    assert await connection.fetchval("SELECT max(lease) FROM task") == 1
    assert await connection.fetchval("SELECT count(DISTINCT processor) FROM attempt") > 1
    for task in tasks:
        assert [event["type"] for event in await feed(connection, task)] == ["queued", "started", "succeeded"]


async def test_clocks_that_disagree_by_days_change_nothing(
    processors: ProcessorFactory, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    """Neither takes the other's task, delays are those of the database, and every time in it is its own."""
    (tmp_path / "clock").mkdir()
    (tmp_path / "clock" / "sitecustomize.py").write_text(WRONG_CLOCK, encoding="utf-8")
    began = await connection.fetchval("SELECT clock_timestamp()")
    async with AsyncExitStack() as stack:
        for days in (-2, 2):
            skew = str(timedelta(days=days).total_seconds())
            environment = {"PYTHONPATH": str(tmp_path / "clock"), "SKEW_S": skew}
            processor = mortal_processor(processors, environment=environment, lease_s=1, slots=2)
            await (await stack.enter_async_context(processor)).ready(connection)
        long = [
            await queued_task(connection, inputs={}, kind="gate", params={"gate": str(tmp_path / "gate")}) for _ in "ab"
        ]
        for task in long:
            await running_pid(connection, task)
        first = await connection.fetchval("SELECT max(lease_until) FROM task")
        crashing = await queued_task(connection, inputs={}, kind="segfault", max_attempts=2)
        await ended(connection, crashing)
        await eventually(lambda: connection.fetchval("SELECT now() > $1::timestamptz", first))
        (tmp_path / "gate").touch()
        for task in long:
            await ended(connection, task)
            assert await outcomes(connection, task) == ["succeeded"]

    now = await connection.fetchval("SELECT clock_timestamp()")
    for column in ("event.at", "attempt.started_at", "attempt.finished_at", "task.started_at", "result.created_at"):
        table = column.partition(".")[0]
        least, most = await connection.fetchrow(f"SELECT min({column}), max({column}) FROM {table}")
        assert began <= least <= most <= now, column


async def has_entries(folder: Path, count: int) -> bool:
    return len(list(folder.iterdir())) == count


def may_mount() -> bool:
    """Whether this user may mount a disk of its own in a namespace."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this user may not mount anything, even in a namespace of its own")
async def test_a_disk_that_is_full_is_waited_for_and_takes_nobody_down(
    processors: ProcessorFactory, connection: asyncpg.Connection, tmp_path: Path
) -> None:
    work, gate = tmp_path / "work", tmp_path / "gate"
    work.mkdir()
    mounted = f'mount -t tmpfs -o size=4m none {work} && exec "$0" "$@"'
    async with mortal_processor(processors, prefix=("unshare", "-rm", "sh", "-c", mounted)):
        task = await queued_task(connection, inputs={}, kind="full", params={"gate": str(gate)}, max_attempts=100)
        neighbours = [await queued_task(connection, inputs={}, kind="noop") for _ in range(5)]
        for each in neighbours:
            assert (await ended(connection, each))["state"] == "succeeded"
        await eventually(lambda: connection.fetchval("SELECT attempts > 3 FROM task WHERE id = $1", task))
        assert "machine_failed" in await connection.fetchval("SELECT error FROM attempt WHERE task = $1 LIMIT 1", task)
        gate.touch()
        assert (await ended(connection, task))["state"] == "succeeded"
    assert set(await outcomes(connection, task)) == {"failed", "succeeded"}


async def test_a_task_that_blames_the_machine_again_and_again_is_believed_only_if_it_is_so(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(slots=1):
        tasks = [await queued_task(connection, inputs={}, kind="no-room", max_attempts=3) for _ in range(2)]
        for task in tasks:
            assert "machine_failed" in (await ended(connection, task))["error"]

    for task in tasks:
        assert await outcomes(connection, task) == ["failed"] * 3


async def test_a_machine_that_can_run_nothing_costs_one_attempt_and_leaves_the_queue_to_others(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """Where the folders of its children should be, there is a file."""
    children = processors.folder / "work" / "1" / "children"
    async with processors.start(slots=2):
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        await eventually(lambda: has_entries(children, 2))  # the one that did it, and the one that stands by
        shutil.rmtree(children)
        children.touch()
        tasks = [await queued_task(connection, inputs={}, kind="noop", max_attempts=3) for _ in range(5)]
        await eventually(lambda: connection.fetchval("SELECT count(*) > 20 FROM attempt"))
        children.unlink()
        for task in tasks:
            assert (await ended(connection, task))["state"] == "succeeded"

    # The child that stood by may have been at its walls when its folder went: it crashed then.
    assert await connection.fetchval("SELECT sum(failures - crashes) FROM task") == 1
