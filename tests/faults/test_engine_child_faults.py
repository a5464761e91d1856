"""Children that do what native code, a bad plug-in or an attacker does: their task ends, nobody else notices."""

import json
import os
import shutil
import signal
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from helpers.eventually import eventually
from helpers.factories import queued_task
from helpers.processes import descendants, gone
from helpers.processors import ProcessorFactory, ended, feed, outcomes

WAITING = (
    "SELECT data ->> 'message' FROM event WHERE task = $1 AND type = 'log' AND data ->> 'message' LIKE 'waiting as%'"
    " ORDER BY seq DESC LIMIT 1"
)


async def pids_of(connection: asyncpg.Connection, task: UUID) -> list[int]:
    """The processes that a task says it has, its child first."""
    line = await eventually(lambda: connection.fetchval(WAITING, task))
    return [int(word) for word in line.removeprefix("waiting as ").split()]


def code_of(row: object) -> str:
    return str(json.loads(row["error"])["code"])  # type: ignore[index]  # a row of the database


async def test_native_code_that_never_ends_is_stopped_though_it_looks_at_no_signal(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(cancel_grace_s=0.05):
        task = await queued_task(connection, inputs={}, kind="native-loop", timeout_s=1)
        row = await ended(connection, task)
        pid = (await pids_of(connection, task))[0]

    assert code_of(row) == "timed_out"
    assert await gone(pid)


async def test_a_child_that_stops_itself_is_ended_when_its_time_is_over(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(cancel_grace_s=0.05):
        task = await queued_task(connection, inputs={}, kind="stop-itself", timeout_s=1)
        row = await ended(connection, task)

    assert code_of(row) == "timed_out"


async def test_a_child_that_closes_its_pipe_and_lives_on_is_ended_at_once(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(max_crashes=1):
        task = await queued_task(connection, inputs={}, kind="close-pipe", timeout_s=600)
        row = await ended(connection, task)
        pid = (await pids_of(connection, task))[0]

    assert code_of(row) == "quarantined"
    assert "closed its pipe" in row["error"]
    assert await gone(pid)


async def test_a_child_whose_result_is_nonsense_is_ended_though_it_says_that_it_is_clean(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(max_crashes=1):
        task = await queued_task(connection, inputs={}, kind="two-results", timeout_s=600)
        row = await ended(connection, task)
        pid = (await pids_of(connection, task))[0]
        assert await gone(pid)

    assert code_of(row) == "quarantined"


async def test_a_child_that_starts_threads_without_end_is_ended_and_its_neighbour_goes_on(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(slots=2):
        bomb = await queued_task(connection, inputs={}, kind="thread-bomb", timeout_s=600)
        neighbour = await queued_task(connection, inputs={}, kind="work", params={"count": 20})
        row = await ended(connection, bomb)
        pid = (await pids_of(connection, bomb))[0]
        assert (await ended(connection, neighbour))["state"] == "succeeded"

    assert code_of(row) == "too_many_threads"
    assert await outcomes(connection, bomb) == ["failed"]
    assert await gone(pid)


async def test_a_child_that_makes_files_without_end_is_ended_though_they_are_empty(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(scratch_files=100):
        task = await queued_task(connection, inputs={}, kind="file-bomb", params={"count": 101, "gate": "/nowhere"})
        row = await ended(connection, task)

    assert code_of(row) == "too_many_files"
    assert await outcomes(connection, task) == ["failed"]


@pytest.mark.parametrize("how", ["succeeds", "is killed", "is cancelled"])
async def test_what_a_child_started_ends_with_it_even_in_another_session(
    unwalled: ProcessorFactory, connection: asyncpg.Connection, how: str
) -> None:
    gate = unwalled.folder / "gate"
    async with unwalled.start(max_crashes=1):
        task = await queued_task(connection, inputs={}, kind="offspring", params={"gate": str(gate)})
        pids = await pids_of(connection, task)
        assert len(pids) == 3
        match how:
            case "succeeds":
                gate.touch()
            case "is killed":
                os.kill(pids[0], signal.SIGKILL)
            case "is cancelled":
                await connection.execute("UPDATE task SET cancel_requested_at = now() WHERE id = $1", task)
        await ended(connection, task)
        assert await gone(*pids)


async def test_a_thread_that_talks_on_after_the_result_reaches_no_other_task(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(slots=1):
        tasks = [await queued_task(connection, inputs={}, kind=kind) for kind in ("thread", "story", "story")]
        for task in tasks:
            assert (await ended(connection, task))["state"] == "succeeded"

    for task in tasks[1:]:
        assert not any("still here" in event["data"] for event in await feed(connection, task))


async def test_a_child_that_takes_no_other_job_costs_the_next_task_nothing(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(slots=1):
        tasks = [await queued_task(connection, inputs={}, kind=kind, max_attempts=1) for kind in ("asleep", "noop")]
        for task in tasks:
            assert (await ended(connection, task))["state"] == "succeeded"
            assert await outcomes(connection, task) == ["succeeded"]


@pytest.mark.parametrize("kind", ["twice", "answer-on", "guess"])
async def test_a_result_that_was_given_too_often_reaches_no_other_task(
    processors: ProcessorFactory, connection: asyncpg.Connection, kind: str
) -> None:
    async with processors.start(slots=1):
        tasks = [
            await queued_task(connection, inputs={}, kind=each, max_attempts=1) for each in (kind, "story", "story")
        ]
        for task in tasks:
            assert (await ended(connection, task))["state"] == "succeeded"

    for task in tasks:
        assert await outcomes(connection, task) == ["succeeded"]
    for task in tasks[1:]:  # of its own task a child may say what it likes
        body = await connection.fetchval("SELECT body FROM result WHERE task = $1", task)
        assert json.loads(body)["data"] == {"done": True}


@pytest.mark.parametrize("kind", ["lose-scratch", "swap-scratch"])
async def test_a_child_that_plays_with_its_folder_harms_no_other(
    unwalled: ProcessorFactory, connection: asyncpg.Connection, tmp_path: Path, kind: str
) -> None:
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "file").write_text("of somebody else")
    async with unwalled.start(slots=1):
        task = await queued_task(connection, inputs={}, kind=kind, params={"gate": str(foreign)})
        after = await queued_task(connection, inputs={}, kind="story")
        for each in (task, after):
            assert (await ended(connection, each))["state"] == "succeeded"

    assert (foreign / "file").exists()
    assert not list((unwalled.folder / "work" / "1" / "children").iterdir())


async def test_temporary_files_go_with_the_task(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    async with processors.start(slots=1):
        task = await queued_task(connection, inputs={}, kind="temporary")
        await ended(connection, task)
        file = json.loads(await connection.fetchval("SELECT body FROM result WHERE task = $1", task))["data"]["file"]
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        assert not Path(file).exists()

    assert file.startswith(str(processors.folder / "work" / "1" / "children"))


async def test_a_result_that_is_too_large_says_so(processors: ProcessorFactory, connection: asyncpg.Connection) -> None:
    async with processors.start():
        task = await queued_task(connection, inputs={}, kind="too-large")
        row = await ended(connection, task)

    assert code_of(row) == "result_too_large"
    assert await outcomes(connection, task) == ["failed"]


async def test_children_that_somebody_kills_between_two_tasks_cost_nothing(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """The idle one and the standby are both found dead, and another is started."""
    async with processors.start(slots=1):
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        children = children_of_fork_servers()
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        assert children
        assert await gone(*children)
        task = await queued_task(connection, inputs={}, kind="noop")
        assert (await ended(connection, task))["state"] == "succeeded"

    assert await outcomes(connection, task) == ["succeeded"]


def children_of_fork_servers() -> list[int]:
    """What the fork servers below this process have started: a child has the command line that it was forked with."""
    server = [pid for pid, command in descendants(os.getpid()).items() if "processor.forkserver" in command]
    return [child for pid in server for child in descendants(pid)]


async def test_a_work_folder_that_somebody_cleans_up_is_made_again(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start(slots=1):
        await ended(connection, await queued_task(connection, inputs={}, kind="noop"))
        shutil.rmtree(processors.folder / "work" / "1" / "children")
        task = await queued_task(connection, inputs={}, kind="story", max_attempts=5)
        assert (await ended(connection, task))["state"] == "succeeded"
