import math
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio

from processor.answers import Answers
from processor.child_output import ChildOutput, output_pipe
from processor.child_process import Child
from processor.claim import Ending
from processor.disk import Fill
from processor.room import Room
from processor.watchdog import Watchdog, Watched


@contextmanager
def watched(folder: Path, *, end: Callable[[Ending], None], deadline: float = math.inf) -> Iterator[Watched]:
    """A process that does nothing, as the watchdog sees a child."""
    ours, theirs = socket.socketpair()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process, ours, theirs:
        printed, to_print = output_pipe()
        os.close(to_print)
        child = Child(
            pid=process.pid,
            pidfd=os.pidfd_open(process.pid),
            end=ours,
            output=ChildOutput(printed, is_told=True),
            room=Room(folder),
            answers=Answers(within=30),
        )
        yield Watched(
            child=child,
            scratch=folder,
            scratch_bytes=1000,
            scratch_files=10,
            memory_bytes=1 << 40,
            deadline=deadline,
            end=end,
        )
        process.kill()
        child.ended(status=-9, cpu_seconds=0)
        child.output.close()


async def test_a_disk_look_that_never_comes_back_keeps_nobody_from_the_neighbour(tmp_path: Path) -> None:
    is_looked_at, is_over = anyio.Event(), threading.Event()

    def look(_folder: Path, _files_at_most: int) -> Fill:
        anyio.from_thread.run_sync(is_looked_at.set)
        is_over.wait(60)
        return Fill(0, 0)

    has_ended = anyio.Event()
    with (
        anyio.fail_after(30),
        watched(tmp_path, end=lambda _reason: None) as slow,
        watched(tmp_path, end=lambda _reason: has_ended.set(), deadline=time.monotonic()) as neighbour,
    ):
        async with Watchdog(look_at_disk=look) as watchdog:
            try:
                with watchdog.watch(slow):
                    await is_looked_at.wait()
                    with watchdog.watch(neighbour):
                        await has_ended.wait()
            finally:
                is_over.set()


async def test_a_disk_is_looked_at_by_one_at_a_time_however_long_that_takes(tmp_path: Path) -> None:
    looking, neighbour_looks = threading.Lock(), threading.Semaphore(0)
    looks: list[bool] = []
    has_looked_again = anyio.Event()

    def look(folder: Path, _files_at_most: int) -> Fill:
        if folder == tmp_path / "neighbour":
            neighbour_looks.release()
            return Fill(0, 0)
        looks.append(looking.acquire(blocking=False))
        for _ in range(3):  # so many rounds
            neighbour_looks.acquire(timeout=60)
        looking.release()
        if len(looks) == 2:
            anyio.from_thread.run_sync(has_looked_again.set)
        return Fill(0, 0)

    with (
        anyio.fail_after(30),
        watched(tmp_path / "slow", end=lambda _reason: None) as slow,
        watched(tmp_path / "neighbour", end=lambda _reason: None) as neighbour,
    ):
        async with Watchdog(look_at_disk=look) as watchdog:
            with watchdog.watch(slow), watchdog.watch(neighbour):
                await has_looked_again.wait()

    assert all(looks)


async def test_too_many_files_end_an_attempt_and_too_many_bytes_go_before(tmp_path: Path) -> None:
    reasons: list[Ending] = []
    with watched(tmp_path, end=reasons.append) as child:
        for fill in (Fill(1000, 10), Fill(0, 11), Fill(1001, 11)):
            child.judge_disk(fill)

    assert reasons == [Ending.TOO_MANY_FILES, Ending.OUT_OF_DISK]
