"""What stays possible behind the walls, and what a processor does on a machine that lacks some."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from attacks.conftest import OWN, data_of, stored, whole_task
from common.storage import Storage
from helpers.database import Database
from helpers.factories import a_dataset, queued_task
from helpers.processes import descendants
from helpers.processor_process import end_of, environment_of, processor_process
from helpers.processors import ProcessorFactory, ended, running_pid
from helpers.unwalled import python_without_walls
from processor.confinement.wall import Wall


@pytest.fixture
def processors(database: Database, attacking_python: str, tmp_path: Path) -> ProcessorFactory:
    return ProcessorFactory(database=database, python=attacking_python, folder=tmp_path)


@pytest.fixture
def unwalled(processors: ProcessorFactory, tmp_path: Path) -> ProcessorFactory:
    """Processors on a machine that has neither Landlock nor seccomp."""
    return replace(processors, python=python_without_walls(processors.python, folder=tmp_path))


async def live(processors: ProcessorFactory, connection: asyncpg.Connection) -> Mapping[str, Any]:
    """The data of a task that does what an analysis may."""
    return await data_of(connection, await living_task(processors, connection))


async def living_task(processors: ProcessorFactory, connection: asyncpg.Connection, **asked: Any) -> object:
    await stored(Storage.open(processors.storage), OWN)
    dataset = await a_dataset(connection, content=OWN)
    return await whole_task(connection, inputs={"data": dataset}, **{"kind": "live", **asked})


async def test_an_analysis_reads_its_input_writes_scratch_and_has_threads(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        data = await live(processors, connection)

    assert data["rows"] == 2


async def test_a_child_has_its_pipe_and_what_every_process_has_and_no_file_more(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        data = await live(processors, connection)

    more = {number: what for number, what in data["descriptors"].items() if int(number) > 2}
    assert list(more.values()) == ["socket"]
    assert data["descriptors"]["0"] == "/dev/null"


async def test_a_child_has_no_capability_and_gets_none(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processors.start():
        data = await live(processors, connection)

    status = dict(line.split(":\t", 1) for line in data["status"].splitlines())
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapAmb")} == {0}
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"


async def test_a_child_cannot_kill_the_processor_nor_its_fork_server(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with processor_process(environment=environment_of(processors)) as processor:
        task = await queued_task(connection, kind="kill", inputs={}, params={"pids": [processor.pid]})
        row = await ended(connection, task)
        data = await data_of(connection, task)

        assert row["state"] == "succeeded"
        assert data["answers"] == ["refused", "refused"]
        assert processor.returncode is None


async def test_children_end_with_a_killed_fork_server_though_they_gave_up_their_rights(
    processors: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    """Some changes of rights make the kernel forget whose end a process wanted to share."""
    async with processor_process(environment=environment_of(processors)) as processor:
        task = await living_task(processors, connection, kind="hold", params={"gate": "/nowhere"})
        child = await running_pid(connection, task)
        children = descendants(processor.pid)
        fork_server = next(pid for pid in children if child in descendants(pid))
        watched = os.pidfd_open(child)
        os.kill(fork_server, 9)
        over = asyncio.Event()
        asyncio.get_running_loop().add_reader(watched, over.set)
        await over.wait()
        asyncio.get_running_loop().remove_reader(watched)
        os.close(watched)


async def test_a_machine_without_the_two_big_walls_works_and_says_what_it_has(
    unwalled: ProcessorFactory, connection: asyncpg.Connection
) -> None:
    async with unwalled.start() as processor:
        data = await live(unwalled, connection)

    assert data["rows"] == 2
    assert processor.identity.confinement == (Wall.NO_NEW_PRIVS, Wall.NO_CAPABILITIES, Wall.NO_DUMP, Wall.RLIMITS)


async def test_a_processor_starts_if_the_walls_stand_that_it_is_to_have(processors: ProcessorFactory) -> None:
    async with processors.start(require_confinement=tuple(Wall)) as processor:
        assert processor.identity.confinement == tuple(Wall)


async def test_a_processor_refuses_to_start_without_a_wall_that_it_is_to_have(unwalled: ProcessorFactory) -> None:
    environment = {
        **environment_of(unwalled),
        "SUNDOG_PROCESSOR_REQUIRE_CONFINEMENT": json.dumps(["landlock", "rlimits"]),
    }
    code, errors = await end_of("--drain", environment=environment)

    assert code != 0
    assert "cannot confine analyses as required: landlock." in errors


async def test_a_wall_that_is_not_known_is_an_error_of_the_settings(processors: ProcessorFactory) -> None:
    environment = {
        **environment_of(processors),
        "SUNDOG_PROCESSOR_REQUIRE_CONFINEMENT": json.dumps(["moat"]),
    }
    code, errors = await end_of("--drain", environment=environment)

    assert code != 0
    assert "SUNDOG_PROCESSOR_REQUIRE_CONFINEMENT" in errors
