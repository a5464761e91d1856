import os
import signal
import subprocess
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from sundog.process import ChildProcess, end_stranger


def python(code: str, output: Path, **options: object) -> ChildProcess:
    with output.open("wb") as file:
        return ChildProcess.start([sys.executable, "-c", code], env={}, output=file, **options)  # type: ignore[arg-type]


STUBBORN = """
import signal, sys
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
signal.pause()
"""


async def until_it_says(output: Path, word: str) -> None:
    with anyio.fail_after(30):
        while word not in output.read_text():
            await anyio.lowlevel.checkpoint()


async def test_its_return_code_and_its_words_are_known(tmp_path: Path) -> None:
    child = python("print('hello'); raise SystemExit(3)", tmp_path / "out")
    assert await child.wait() == 3
    assert (tmp_path / "out").read_text() == "hello\n"
    assert await child.stop() == 3


async def test_it_inherits_no_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "s")
    child = python("import os; print('SECRET' in os.environ)", tmp_path / "out")
    await child.wait()
    assert (tmp_path / "out").read_text() == "False\n"


async def test_it_runs_at_a_lower_priority_when_told(tmp_path: Path) -> None:
    child = python("import os; print(os.nice(0))", tmp_path / "out", niceness=7)
    await child.wait()
    assert int((tmp_path / "out").read_text()) == min(os.nice(0) + 7, 19)


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="this kernel has no groups of sessions")
async def test_its_session_goes_behind_other_sessions_too(tmp_path: Path) -> None:
    child = python("print(open('/proc/self/autogroup').read())", tmp_path / "out", niceness=7)
    await child.wait()
    assert (tmp_path / "out").read_text().split()[1:] == ["nice", "7"]


async def test_one_that_ignores_the_polite_signal_is_killed(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "out")
    await until_it_says(tmp_path / "out", "ready")
    assert await child.stop((signal.SIGTERM, 0.05)) == -signal.SIGKILL


async def test_stop_cannot_be_cancelled_half_way(tmp_path: Path) -> None:
    child = python(STUBBORN, tmp_path / "out")
    await until_it_says(tmp_path / "out", "ready")
    with anyio.move_on_after(0):
        await child.stop((signal.SIGTERM, 0.05))
    assert child.returncode == -signal.SIGKILL


async def test_a_stranger_is_ended_too() -> None:
    with subprocess.Popen([sys.executable, "-c", STUBBORN], stdout=subprocess.PIPE) as stranger:
        assert stranger.stdout is not None
        stranger.stdout.readline()
        await end_stranger(stranger.pid, (signal.SIGTERM, 0.05))
    assert stranger.returncode == -signal.SIGKILL


async def test_a_stranger_that_is_gone_is_fine() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as stranger:
        pass
    await end_stranger(stranger.pid)
