"""A fork server that is gone, or does not answer: real children, and no fault of the task."""

import os
import signal
import sys
from pathlib import Path
from typing import cast
from uuid import uuid4

import anyio
import pytest

from common.ids import TaskId
from common.settings import StorageSettings
from common.storage import Storage
from common.words import AttemptOutcome, TaskState
from helpers.eventually import eventually
from helpers.processes import descendants, gone
from processor.answers import ForkServerError
from processor.attempt import Attempt, Workshop
from processor.cache import InputCache
from processor.child_pool import ChildPool
from processor.child_process import Child
from processor.children import Children
from processor.claim import AttemptReport, Claim, Failed
from processor.feed_writer import FeedWriter
from processor.settings import ProcessorSettings
from processor.settlement import RetryPolicy, settle
from processor.watchdog import Watchdog

CLAIM = Claim(
    task=TaskId(uuid4()),
    lease=1,
    attempt=1,
    seq=2,
    failures=0,
    crashes=0,
    tenant="default",
    kind="noop",
    params={},
    inputs=(),
    timeout_s=60,
    memory_mb=1000,
    max_attempts=3,
    low_memory=False,
)


def fork_server() -> int:
    (pid,) = (pid for pid, command in descendants(os.getpid()).items() if "processor.forkserver" in command)
    return pid


def attempt(children: Children, folder: Path) -> Attempt:
    storage = Storage.open(StorageSettings(url=f"file://{folder}/storage"))
    workshop = Workshop(
        pool=ChildPool(children=children, places=1),
        watchdog=Watchdog(),
        cache=InputCache(folder=folder / "inputs", storage=storage, most_bytes=1),
        storage=storage,
        feed=cast("FeedWriter", None),  # nothing is told
        settings=ProcessorSettings(work_dir=folder),
    )
    return Attempt(CLAIM, workshop=workshop)


@pytest.mark.parametrize("is_noticed", [True, False], ids=["and that is known", "at this moment"])
async def test_what_a_dead_fork_server_cannot_start_is_tried_again(tmp_path: Path, *, is_noticed: bool) -> None:
    report: AttemptReport | None = None

    async def has_ended() -> bool:
        return children._control is None

    try:
        async with Children(threads=1, home=tmp_path, python=Path(sys.executable)) as children:
            with anyio.CancelScope(shield=True):  # its end ends this block
                os.kill(pid := fork_server(), signal.SIGKILL)
                assert await gone(pid)
                if is_noticed:
                    await eventually(has_ended)
                report = await attempt(children, tmp_path).run()
    except* ForkServerError:
        pass
    else:
        pytest.fail("a processor does not go on without its fork server")

    assert report is not None
    assert isinstance(report.report, Failed)
    settlement = settle(report, policy=RetryPolicy(first_s=1, most_s=1, max_crashes=1))
    assert settlement is not None
    assert (settlement.state, settlement.outcome) == (TaskState.QUEUED, AttemptOutcome.FAILED)
    assert not settlement.is_crash


@pytest.mark.parametrize("asked", ["to start a child", "to tell of a child's end"])
async def test_a_fork_server_that_does_not_answer_ends_the_processor_and_whoever_waits_for_it(
    tmp_path: Path, asked: str
) -> None:
    child: Child | None = None
    refused: Exception | None = None
    try:
        with anyio.fail_after(60):
            async with Children(threads=1, home=tmp_path, python=Path(sys.executable), answer_s=0.5) as children:
                pid = fork_server()
                child = await children.start()
                os.kill(pid, signal.SIGSTOP)
                if asked == "to start a child":
                    try:
                        await children.start()
                    except ForkServerError as error:
                        refused = error
                else:
                    await child.end(grace_s=0)
                await anyio.sleep_forever()
    except* ForkServerError:
        pass
    else:
        pytest.fail("a processor does not go on with a fork server that does not answer")

    assert child is not None
    assert child.gone.is_set()
    assert await gone(child.pid)
    assert not any("processor.forkserver" in command for command in descendants(os.getpid()).values())
    assert (refused is not None) == (asked == "to start a child")


async def test_an_answer_that_comes_late_is_taken(tmp_path: Path) -> None:
    async with Children(threads=1, home=tmp_path, python=Path(sys.executable), answer_s=60) as children:
        pid = fork_server()
        child = await children.start()
        os.kill(pid, signal.SIGSTOP)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: child.end(grace_s=0))
            with anyio.move_on_after(0.1):
                await child.gone.wait()
            assert not child.gone.is_set()
            os.kill(pid, signal.SIGCONT)
        assert child.exit_status == -signal.SIGKILL
