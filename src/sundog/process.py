"""Child processes that die with us, and how a process is ended: by signals of growing weight."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

import anyio

LAUNCHER: Final = Path(__file__).with_name("launch.py")
Output = int | IO[bytes]


class ChildProcess:
    """One running child. It belongs to no event loop: another than the one it was started in may wait for it."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        # Becomes readable when the process ends; and unlike its number it can never mean another process.
        self._pidfd = os.pidfd_open(process.pid)

    @classmethod
    def start(
        cls,
        command: Sequence[str],
        *,
        env: Mapping[str, str],
        output: Output,
        identity: str = "same",
        niceness: int = 0,
        parent_death_signal: signal.Signals = signal.SIGKILL,
        pass_fds: Sequence[int] = (),
    ) -> "ChildProcess":
        """Start `command` in a session of its own, so that Ctrl-C reaches us alone and we choose the order of the end.

        Call it from the main thread: `parent_death_signal` comes when the thread that started the child ends.

        Args:
            command: program and arguments.
            env: its whole environment.
            output: where its stdout and stderr go.
            identity: as whom it runs; see launch.py.
            niceness: how much lower than ours its priority is.
            parent_death_signal: what it gets when we die.
            pass_fds: descriptors that it inherits.
        """
        launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(os.getpid()), str(int(parent_death_signal))]
        process = subprocess.Popen(  # noqa: S603 - the caller names the program
            [*launch, str(niceness), identity, *command],
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            pass_fds=pass_fds,
        )
        return cls(process)

    @property
    def pid(self) -> int:
        """Its number."""
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """None while it runs, negative when a signal ended it."""
        return self._process.poll()

    async def wait(self) -> int:
        """Wait for its end; only one task at a time may."""
        while (returncode := self.returncode) is None:
            await anyio.wait_readable(self._pidfd)
        self._close()
        return returncode

    async def stop(self, *steps: tuple[signal.Signals, float]) -> int:
        """Send each signal in turn, granting the seconds beside it; then SIGKILL. Idempotent; cannot be cancelled.

        Returns:
            The return code.
        """
        with anyio.CancelScope(shield=True):
            for number, seconds in steps:
                self.send(number)
                with anyio.move_on_after(seconds):
                    await self.wait()
                    break
            self.send(signal.SIGKILL)
            await self.wait()
        return self._process.returncode

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def _close(self) -> None:
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1


async def end_stranger(pid: int, *steps: tuple[signal.Signals, float]) -> None:
    """End a process that is no child of ours: each signal in turn with the seconds beside it, then SIGKILL."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        for number, seconds in (*steps, (signal.SIGKILL, 60.0)):
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(pidfd, number)
            with anyio.move_on_after(seconds):
                await anyio.wait_readable(pidfd)
                break
    finally:
        os.close(pidfd)
