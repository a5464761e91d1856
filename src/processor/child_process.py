"""One child, as its supervisor has it in hand: gives it jobs, hears it, looks at it from outside, and ends it."""

import contextlib
import os
import secrets
import signal
import socket

import anyio

from processor import protocol
from processor.answers import Answers
from processor.child_output import ChildOutput
from processor.child_pipe import ChildPipe, PipeClosedError
from processor.meter import Meter
from processor.protocol import ChildMessage, Failure, Job, Result
from processor.room import Room


class Child:
    """One child process.

    Attributes:
        room: the folder that is its own.
        output: what it prints.
        pid: its process number; for /proc only, signals go through the pidfd.
        exit_status: None while it lives; then its exit code, or minus the signal that ended it.
        tasks_done: how many tasks it has ended by its own word.
        bytes_at_start: resident memory before its first task.
        bytes_seen: resident memory when it was looked at last; while it is idle that does not change.
        cpu_seen: processor time that it had used then.
        is_clean: it has ended its task by its own word, and says that nothing of the task goes on in it.
        has_strayed: something in it has spoken for another job than the present one.
    """

    def __init__(
        self, *, pid: int, pidfd: int, end: socket.socket, output: ChildOutput, room: Room, answers: Answers
    ) -> None:
        self.pid = pid
        self._answers = answers
        self.room = room
        self.output = output
        self.exit_status: int | None = None
        self.tasks_done = 0
        self.bytes_at_start = self.bytes_seen = 0
        self.cpu_seen = 0.0
        self.is_clean = False
        self.has_strayed = False
        self._job = 0
        self._cpu_at_end = 0.0
        self.gone = anyio.Event()
        self._pidfd = pidfd
        self._pipe = ChildPipe(end)
        self._meter = Meter(pid)

    async def open(self) -> None:
        """Make its pipes ready for messages and for what it prints."""
        self.output.open(pid=self.pid)
        await self._pipe.open()
        self.bytes_at_start = self.resident_bytes()
        self.cpu_seconds()

    def send(self, job: Job) -> None:
        """Give it a job.

        Raises:
            PipeClosedError: it is gone.
        """
        self.is_clean = False
        self._job = secrets.randbits(64)
        self._pipe.send(protocol.encode_job(job, number=self._job))

    async def receive(self) -> ChildMessage:
        """The next message about the present job; what is about another comes from something that an earlier task left.

        Raises:
            ProtocolError: it said something that is no message.
            PipeClosedError: it closed its end.
        """
        while True:
            job, body = await self._pipe.receive()
            if job == self._job:
                break
            self.has_strayed = True
        message = protocol.decode(body)
        if isinstance(message, Result | Failure):
            self.is_clean = message.clean and not self.has_strayed
        return message

    def has_unread_job(self) -> bool:
        """Whether it has not taken the job that it was given."""
        return self._pipe.has_unread()

    def is_waiting(self) -> bool:
        """Whether it lives and is silent, as it must be between two tasks."""
        return self.exit_status is None and self._pipe.is_silent()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; harmless when it has ended."""
        if not self.gone.is_set():
            with contextlib.suppress(ProcessLookupError):  # it has ended and the fork server is about to tell
                signal.pidfd_send_signal(self._pidfd, number)

    async def end(self, *, grace_s: float) -> None:
        """End it and wait until it is gone: an interrupt, which Polars obeys, then SIGKILL.

        That comes as soon as it has answered, or after `grace_s`. Nobody else may listen to it any more.
        """
        try:
            if grace_s > 0:
                self.signal(signal.SIGINT)
                with anyio.move_on_after(grace_s):
                    await self._last_word()
        finally:
            with anyio.CancelScope(shield=True):
                self.signal(signal.SIGKILL)
                if not await self._answers.wait_for(self.gone.wait):
                    await self.gone.wait()  # the fork server is being killed, and its children by that
                self._pipe.close()
                self.output.close()
                await self.room.remove()

    async def _last_word(self) -> None:
        """Wait until it has ended its task, or itself; what it says before is dropped, so that it can come to that."""
        try:
            while not isinstance(await self.receive(), Result | Failure):
                pass
        except protocol.ProtocolError:
            return
        except PipeClosedError:
            await self.gone.wait()

    def resident_bytes(self) -> int:
        """Resident memory at this moment; 0 when it has ended."""
        self.bytes_seen = self._meter.resident_bytes()
        return self.bytes_seen

    def threads(self) -> int:
        """How many threads it has at this moment; 0 when it has ended."""
        return self._meter.threads()

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far, or at all if it has ended."""
        self.cpu_seen = self._meter.cpu_seconds() if self.exit_status is None else self._cpu_at_end
        return self.cpu_seen

    def ended(self, *, status: int, cpu_seconds: float) -> None:
        """Note its end, as the fork server told it."""
        self.exit_status = status
        self._cpu_at_end = cpu_seconds
        self._meter.close()
        os.close(self._pidfd)
        self._pidfd = -1
        self.gone.set()
