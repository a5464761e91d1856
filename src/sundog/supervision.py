"""Keeps a part of the installation running: what dies is started again, what is told to stop has time to do so."""

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import anyio
from anyio.abc import TaskStatus

from common.backoff import backoff
from common.lifecycle import Service
from sundog.part_log import PartLog, Tell
from sundog.process import ChildProcess

FIRST_BACKOFF: Final = 0.2
LONGEST_BACKOFF: Final = 10.0
HEALTHY_SECONDS: Final = 30.0  # after that long a death counts as the first
LAST_WORDS_SECONDS: Final = 2.0
CHUNK: Final = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the installation.

    Attributes:
        name: for logs; unique.
        command: program and arguments.
        env: its whole environment.
        niceness: how much lower than ours its priority is.
        grace_s: seconds between SIGTERM and SIGKILL.
        sockets: descriptors that it inherits.
    """

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(repr=False)
    niceness: int = 0
    grace_s: float = 30.0
    sockets: Sequence[int] = ()


class SupervisedPart(Service):
    """Runs one part until it is stopped; started means that the process was started once."""

    def __init__(self, part: Part, *, log: PartLog, tell: Tell) -> None:
        """Nothing happens yet.

        Args:
            part: what to run.
            log: takes what it says.
            tell: is given a line for a person whenever it ended.
        """
        super().__init__()
        self.part = part
        self.log = log
        self.ended = anyio.Event()
        self._tell = tell
        self._child: ChildProcess | None = None

    @property
    def pid(self) -> int | None:
        """Of the present process; None between two."""
        return self._child.pid if self._child is not None else None

    def kill(self) -> None:
        """End the present process at once."""
        if self._child is not None:
            self._child.send(signal.SIGKILL)

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Start it, and again whenever it ends."""
        ready.started()
        failures = 0
        while True:
            began = anyio.current_time()
            returncode = await self.run_once()
            self.ended.set()
            failures = 1 if anyio.current_time() - began > HEALTHY_SECONDS else failures + 1
            pause = backoff(failures, first=FIRST_BACKOFF, most=LONGEST_BACKOFF)
            self._tell(f"{self.part.name} ended with {returncode}; it starts again in {pause:.1f} s")
            await anyio.sleep(pause)

    async def run_once(self) -> int:
        """Run the part to its end; being cancelled stops it with grace.

        Returns:
            Its return code.
        """
        reader, writer = os.pipe()
        try:
            child = self._spawn(writer)
        finally:
            os.close(writer)
        async with anyio.create_task_group() as group:
            hearing = anyio.CancelScope(shield=True)
            group.start_soon(self._listen, reader, hearing)
            try:
                await child.wait()
            finally:
                returncode = await child.stop((signal.SIGTERM, self.part.grace_s))
                self._child = None
                # A grandchild may hold the pipe open for a moment longer.
                hearing.deadline = anyio.current_time() + LAST_WORDS_SECONDS
        return returncode

    def _spawn(self, writer: int) -> ChildProcess:
        self._child = ChildProcess.start(
            self.part.command,
            env=self.part.env,
            output=writer,
            niceness=self.part.niceness,
            pass_fds=self.part.sockets,
        )
        return self._child

    async def _listen(self, reader: int, hearing: anyio.CancelScope) -> None:
        try:
            with hearing:
                while True:
                    await anyio.wait_readable(reader)
                    data = os.read(reader, CHUNK)
                    if not data:
                        return
                    self.log.feed(data)
        finally:
            os.close(reader)
