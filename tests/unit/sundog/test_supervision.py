import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import anyio

from sundog.part_log import PartLog
from sundog.supervision import Part, SupervisedPart


class Terminal:
    """Keeps what a person would have been told, and waits for it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._told = anyio.Event()

    def tell(self, line: str) -> None:
        self.lines.append(line)
        self._told.set()
        self._told = anyio.Event()

    async def until(self, wanted: Callable[[list[str]], bool]) -> None:
        with anyio.fail_after(30):
            while not wanted(self.lines):
                await self._told.wait()


def part(code: str, folder: Path, terminal: Terminal, **options: object) -> SupervisedPart:
    command = [sys.executable, "-c", code]
    own = Part(name="part", command=command, env={}, **options)  # type: ignore[arg-type]  # each test names its own
    log = PartLog(folder, part="part", tell=terminal.tell)
    return SupervisedPart(own, log=log, tell=terminal.tell)


LIVING = "import os, signal; print(os.getpid(), flush=True); signal.pause()"


def said(lines: list[str]) -> list[str]:
    return [line.split()[-1] for line in lines if line.startswith("part   ")]


async def test_what_dies_is_started_again(tmp_path: Path) -> None:
    terminal = Terminal()
    async with part(LIVING, tmp_path, terminal) as living:
        await terminal.until(lambda lines: len(said(lines)) == 1)
        os.kill(int(said(terminal.lines)[0]), signal.SIGKILL)
        await terminal.until(lambda lines: len(said(lines)) == 2)
        assert living.pid == int(said(terminal.lines)[1])
    assert any("ended with -9; it starts again" in line for line in terminal.lines)


async def test_stopping_gives_it_time_and_hears_its_last_words(tmp_path: Path) -> None:
    terminal = Terminal()
    blocked = "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, [15])"
    code = f"{blocked}; print('ready', flush=True); s.sigwait([15]); print('bye')"
    async with part(code, tmp_path, terminal):
        await terminal.until(lambda lines: said(lines) == ["ready"])
    assert said(terminal.lines) == ["ready", "bye"]
    assert (tmp_path / "part.log").read_text() == "ready\nbye\n"


async def test_what_does_not_stop_in_time_is_killed(tmp_path: Path) -> None:
    terminal = Terminal()
    code = "import signal; signal.signal(15, signal.SIG_IGN); print('ready', flush=True); signal.pause()"
    async with part(code, tmp_path, terminal, grace_s=0.05) as stubborn:
        await terminal.until(lambda lines: said(lines) == ["ready"])
        pid = stubborn.pid
    assert pid is not None
    assert not Path(f"/proc/{pid}").exists()


async def test_that_it_ended_once_can_be_waited_for(tmp_path: Path) -> None:
    terminal = Terminal()
    async with part("raise SystemExit('no')", tmp_path, terminal) as broken:
        with anyio.fail_after(30):
            await broken.ended.wait()
        assert broken.log.last_words == "no"
