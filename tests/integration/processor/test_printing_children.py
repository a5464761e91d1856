"""What children print comes into the log with their tasks, and children are used again for all that."""

from uuid import UUID

import asyncpg
import pytest

from helpers.factories import queued_task
from helpers.processors import ProcessorFactory, ended


def printed(caplog: pytest.LogCaptureFixture, task: UUID) -> list[str]:
    records = [record.__dict__ for record in caplog.records if record.name == "processor.child_output"]
    return [each["printed"] for each in records if each.get("task") == task and "printed" in each]


async def test_what_each_task_prints_is_told_with_it_though_one_child_did_both(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with processors.start(slots=1):
        tasks = [await queued_task(connection, inputs={}, kind="print", params={"lines": 2}) for _ in range(2)]
        rows = [await ended(connection, task) for task in tasks]

    assert [row["state"] for row in rows] == ["succeeded", "succeeded"]
    first, second = (printed(caplog, task) for task in tasks)
    assert first == second  # the number of the child's folder stands in each
    assert [line.split(" of ")[0] for line in first[:2]] == ["line 0", "line 1"]
    assert first[2:] == [r"never\x1b[2J\rended", r"of native code \xff, without an end"]


async def test_a_child_that_prints_without_measure_ends_its_task(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="print", params={"lines": 100_000})
        row = await ended(connection, task)

    assert row["state"] == "succeeded"
    assert len(printed(caplog, task)) == 200
    assert [record.__dict__["task"] for record in caplog.records if "left out" in record.message] == [task]


async def test_a_crash_of_native_code_tells_its_place(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with processors.start(max_crashes=1):
        task = await queued_task(connection, inputs={}, kind="segfault")
        await ended(connection, task)

    lines = printed(caplog, task)
    assert "Fatal Python error: Segmentation fault" in lines
    assert any("breaking_kinds.py" in line and "in segfault" in line for line in lines)


async def test_a_failure_that_nobody_foresaw_tells_its_traceback(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="unknown-error")
        await ended(connection, task)

    assert "Traceback (most recent call last):" in printed(caplog, task)


async def test_lines_are_left_out_where_the_operator_wants_none(
    processors: ProcessorFactory, connection: asyncpg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    async with processors.start(child_output="count"):
        task = await queued_task(connection, inputs={}, kind="unknown-error")
        await ended(connection, task)

    assert printed(caplog, task) == []
    assert [record.__dict__["task"] for record in caplog.records if "left out" in record.message] == [task]
