"""How far children stand behind everything else."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from helpers.eventually import eventually
from processor.children import Children
from processor.priority import GROUP, Priority


@asynccontextmanager
async def a_child(folder: Path, priority: Priority) -> AsyncIterator[int]:
    async with Children(threads=1, home=folder, python=Path(sys.executable), priority=priority) as children:
        child = await children.start()
        try:
            yield child.pid
        finally:
            await child.end(grace_s=0)


@pytest.mark.parametrize(("priority", "policy"), [("idle", os.SCHED_IDLE), ("low", os.SCHED_OTHER)])
async def test_a_child_stands_behind_its_fork_server(tmp_path: Path, priority: str, policy: int) -> None:
    async with a_child(tmp_path, Priority(priority)) as pid:

        async def is_placed() -> bool:
            behind = os.sched_getscheduler(pid) == policy and os.getpriority(os.PRIO_PROCESS, pid) >= 10
            return behind and os.getpgid(pid) == pid

        await eventually(is_placed)  # it has begun, and does that first


@pytest.mark.skipif(not GROUP.exists(), reason="this kernel shares processors out without regard to sessions")
@pytest.mark.parametrize(("priority", "nice"), [("idle", "19"), ("low", "10"), ("normal", "0")])
async def test_all_children_are_in_one_session_that_stands_behind_others(
    tmp_path: Path, priority: str, nice: str
) -> None:
    async with a_child(tmp_path, Priority(priority)) as pid:
        assert os.getsid(pid) not in {pid, os.getsid(0)}
        assert Path(f"/proc/{pid}/autogroup").read_text(encoding="ascii").split()[1:] == ["nice", nice]
