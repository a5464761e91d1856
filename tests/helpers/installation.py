"""`sundog up` as a process of its own, with a hold on all the processes under it."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from helpers.processes import descendants, ended

READY: Final = "Sundog is ready at "
# Short leases, so that a test need not wait for the default ones to run out.
IMPATIENT: Final = {
    "SUNDOG_PROCESSOR_LEASE_S": "1.5",
    "SUNDOG_PROCESSOR_HEARTBEAT_S": "0.4",
    "SUNDOG_PROCESSOR_RESCUE_S": "0.3",
    "SUNDOG_PROCESSOR_GRACE_S": "1",
}


class Installation:
    """One `sundog up`; entered means that it printed its address, left means that it was stopped in order."""

    def __init__(
        self, data: Path, *arguments: str, python: str = sys.executable, env: Mapping[str, str] | None = None
    ) -> None:
        self._data = data
        self._command = [python, "-m", "sundog", "up", "--port", "0", "--data", str(data), *arguments]
        self._env = {**os.environ, **IMPATIENT, **(env or {})}
        self.stdout = ""

    def __enter__(self) -> Self:
        self._data.mkdir(parents=True, exist_ok=True)
        with (self._data / "stderr").open("ab") as errors:
            self.process = subprocess.Popen(
                self._command, env=self._env, stdout=subprocess.PIPE, stderr=errors, text=True, stdin=subprocess.DEVNULL
            )
        assert self.process.stdout is not None
        self.stdout = self.process.stdout.readline()
        if not self.stdout.startswith(READY):
            self.stop()
            raise AssertionError(f"it did not start:\n{self.errors()}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return self.stdout.removeprefix(READY).strip()

    def errors(self) -> str:
        """What it said on stderr."""
        return (self._data / "stderr").read_text(encoding="utf-8", errors="replace")

    def until_it_says(self, words: str) -> None:
        """Wait for words on stderr."""
        command = ["tail", "--pid", str(self.process.pid), "-n", "+1", "-F", str(self._data / "stderr")]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as tail:
            assert tail.stdout is not None
            found = any(words in line for line in tail.stdout)
            tail.kill()
        assert found, self.errors()

    def processes(self) -> dict[int, str]:
        """All processes under it: pid → command line."""
        return descendants(self.process.pid)

    def pid_of(self, words: str) -> int:
        """The pid of the one part of it whose command line has these words.

        A process that has just been forked bears its parent's command line for a moment (Postgres forks often), so of
        those that match only one that descends from no other counts.
        """
        matching = {pid for pid, command in self.processes().items() if words in command}
        (pid,) = matching.difference(*(descendants(parent) for parent in matching))
        return pid

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Signal it and wait for its end.

        Returns:
            Its return code.
        """
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            self.process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        return self.process.returncode


def all_ended(processes: Mapping[int, str], *, within: float = 30.0) -> dict[int, str]:
    """Wait for the end of each of these processes.

    Returns:
        Those that did not end.
    """
    return {pid: command for pid, command in processes.items() if not ended(pid, within=within)}
