"""`sundog processor --drain`, `--kinds` and `--slots`, as real processes."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from helpers.factories import queued_task, running_task
from helpers.processor_process import end_of, environment_of, processor_process
from helpers.processors import ProcessorFactory, outcomes, running_pid


@pytest.fixture
def environment(processors: ProcessorFactory) -> dict[str, str]:
    return environment_of(processors)


async def states(connection: asyncpg.Connection) -> dict[UUID, str]:
    return {row["id"]: row["state"] for row in await connection.fetch("SELECT id, state FROM task")}


async def test_it_works_the_queue_down_and_exits_with_zero(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    for _ in range(20):
        await queued_task(connection, inputs={}, kind="noop")

    code, errors = await end_of("--drain", "--slots", "3", environment=environment)

    assert code == 0, errors
    assert list((await states(connection)).values()) == ["succeeded"] * 20
    assert await connection.fetchval("SELECT count(*) FROM processor") == 0


async def test_an_empty_queue_is_drained(environment: dict[str, str], connection: asyncpg.Connection) -> None:
    code, errors = await end_of("--drain", environment=environment)

    assert code == 0, errors


async def test_it_stays_for_a_retry_that_is_due_soon(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, inputs={}, kind="leave")

    code, errors = await end_of("--drain", environment=environment)

    assert code == 0, errors
    assert await outcomes(connection, task) == ["crashed"] * 3


async def test_it_leaves_what_is_due_later_than_it_waits(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    task = await queued_task(connection, inputs={}, kind="noop", run_at=later)

    code, errors = await end_of("--drain", environment=environment)

    assert code == 0, errors
    assert await states(connection) == {task: "queued"}


async def test_it_brings_back_what_a_lost_processor_ran(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    lost = await running_task(connection, inputs={}, kind="noop", lease_for=timedelta(seconds=-1))

    code, errors = await end_of("--drain", environment=environment)

    assert code == 0, errors
    assert await outcomes(connection, lost.id) == ["lost", "succeeded"]


async def test_it_waits_neither_for_what_runs_elsewhere_nor_for_what_a_cap_holds_back(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    await connection.execute("INSERT INTO cap (tenant, kind, max_running) VALUES ('paused', NULL, 0)")
    elsewhere = await running_task(connection, inputs={}, kind="noop")
    held_back = await queued_task(connection, inputs={}, kind="noop", tenant="paused")

    code, errors = await end_of("--drain", environment=environment)

    assert code == 0, errors
    assert await states(connection) == {elsewhere.id: "running", held_back: "queued"}


async def test_two_drains_share_the_work(environment: dict[str, str], connection: asyncpg.Connection) -> None:
    for _ in range(30):
        await queued_task(connection, inputs={}, kind="noop")

    async with (
        processor_process("--drain", environment=environment) as first,
        processor_process("--drain", environment=environment) as second,
    ):
        assert [await first.wait(), await second.wait()] == [0, 0]

    assert await connection.fetchval("SELECT count(*) FROM attempt WHERE outcome = 'succeeded'") == 30
    assert await connection.fetchval("SELECT count(*) FROM attempt") == 30


async def test_a_drain_that_is_told_to_stop_says_so_and_hands_back(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"})

    async with processor_process("--drain", environment=environment | {"SUNDOG_PROCESSOR_GRACE_S": "0"}) as draining:
        await running_pid(connection, task)
        draining.terminate()
        _, errors = await draining.communicate()

    assert draining.returncode == 1
    assert b"before the queue was drained" in errors
    assert b"Traceback" not in errors
    assert await states(connection) == {task: "queued"}


async def test_only_the_kinds_that_were_named_are_served(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    served = [await queued_task(connection, inputs={}, kind=kind) for kind in ("noop", "story")]
    other = await queued_task(connection, inputs={}, kind="environment")

    code, errors = await end_of(
        "--drain", "--kinds", "noop, story", environment=environment | {"SUNDOG_PROCESSOR_KINDS": '["environment"]'}
    )

    assert code == 0, errors
    assert await states(connection) == {served[0]: "succeeded", served[1]: "succeeded", other: "queued"}


async def test_slots_on_the_command_line_go_before_the_environment(
    environment: dict[str, str], connection: asyncpg.Connection
) -> None:
    task = await queued_task(connection, inputs={}, kind="gate", params={"gate": "/nowhere"})

    async with processor_process(
        "--slots", "3", environment=environment | {"SUNDOG_PROCESSOR_SLOTS": "7", "SUNDOG_PROCESSOR_GRACE_S": "0"}
    ) as running:
        await running_pid(connection, task)
        slots = await connection.fetchval("SELECT slots FROM processor")
        running.terminate()
        code = await running.wait()

    assert (slots, code) == (3, 0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--kinds", "noop,nothing"], "not installed were asked for: nothing"),
        (["--kinds", ","], "--kinds"),
        (["--slots", "0"], "--slots"),
    ],
)
async def test_a_wrong_option_is_refused_with_a_sentence(
    environment: dict[str, str], arguments: list[str], said: str
) -> None:
    code, errors = await end_of("--drain", *arguments, environment=environment)

    assert code != 0
    assert said in errors
    assert "Traceback" not in errors
