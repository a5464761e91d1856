"""The supervisor's side of the children: starts them, talks to them, ends them and hears of their end."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import SocketStream, TaskStatus, UNIXSocketStream

from common.lifecycle import Service
from processor import protocol
from processor.forkserver import PACKET_BYTES
from processor.protocol import ChildMessage, Job
from processor.scratch import remove_folder

log = logging.getLogger(__name__)

# What a child may see of the environment it runs in. Everything else stays here, the credentials first of all.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SUNDOG_CHILD_FAULTS")


PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


class ForkServerError(Exception):
    """The fork server ended; the processor cannot work without it and ends too."""


class Child:
    """One child process.

    Attributes:
        scratch: the folder that its tasks may write in; empty between two tasks.
        pid: its process number; for /proc only, signals go through the pidfd.
        exit_status: None while it lives; then its exit code, or minus the signal that ended it.
        tasks_done: how many tasks it has ended by its own word.
        bytes_at_start: resident memory before its first task.
    """

    def __init__(self, *, pid: int, pidfd: int, end: socket.socket, scratch: Path) -> None:
        self.pid = pid
        self.scratch = scratch
        self.exit_status: int | None = None
        self.tasks_done = 0
        self.bytes_at_start = 0
        self._cpu_at_end = 0.0
        self.gone = anyio.Event()
        self._pidfd = pidfd
        self._end = end
        self._stream: SocketStream | None = None

    async def open(self) -> None:
        """Make its pipe ready for messages."""
        self._stream = await UNIXSocketStream.from_socket(self._end)
        self.bytes_at_start = self.resident_bytes()

    async def send(self, job: Job) -> None:
        """Give it a job.

        Raises:
            anyio.BrokenResourceError: it is gone.
        """
        await self._pipe.send(protocol.encode(job.model_dump(mode="json")))

    async def receive(self) -> ChildMessage:
        """The next message.

        Raises:
            ProtocolError: it said something that is no message.
            anyio.EndOfStream, anyio.BrokenResourceError: it closed its end, most likely by ending.
        """
        length = protocol.body_length(await self._exactly(protocol.HEADER.size))
        return protocol.decode(await self._exactly(length))

    async def _exactly(self, count: int) -> bytes:
        data = bytearray()
        while len(data) < count:
            data += await self._pipe.receive(min(count - len(data), 1 << 18))
        return bytes(data)

    @property
    def _pipe(self) -> SocketStream:
        if self._stream is None:
            raise RuntimeError("the child's pipe is not open yet")
        return self._stream

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; harmless when it has ended."""
        if not self.gone.is_set():
            with contextlib.suppress(ProcessLookupError):  # it has ended and the fork server is about to tell
                signal.pidfd_send_signal(self._pidfd, number)

    async def end(self, *, grace_s: float) -> None:
        """End it and wait until it is gone: an interrupt, which Polars obeys; after `grace_s` SIGKILL."""
        try:
            if grace_s > 0:
                self.signal(signal.SIGINT)
                with anyio.move_on_after(grace_s):
                    await self.gone.wait()
        finally:
            with anyio.CancelScope(shield=True):
                self.signal(signal.SIGKILL)
                await self.gone.wait()
                await self._pipe.aclose()
                await remove_folder(self.scratch)

    def resident_bytes(self) -> int:
        """Resident memory at this moment; 0 when it has ended."""
        try:
            pages = int(_proc(self.pid, "statm").split()[1])
        except (OSError, IndexError):
            return 0
        return pages * PAGE_BYTES

    def cpu_seconds(self) -> float:
        """Processor time that it has used so far, or at all if it has ended."""
        if self.exit_status is not None:
            return self._cpu_at_end
        try:
            fields = _proc(self.pid, "stat").rpartition(b")")[2].split()
        except OSError:
            return self._cpu_at_end
        return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND

    def ended(self, *, status: int, cpu_seconds: float) -> None:
        """Note its end, as the fork server told it."""
        self.exit_status = status
        self._cpu_at_end = cpu_seconds
        os.close(self._pidfd)
        self._pidfd = -1
        self.gone.set()


class Children(Service):
    """Owns the fork server and the children it forked.

    Attributes:
        kinds: the announcements of the kinds that are installed, once started.
    """

    def __init__(self, *, threads: int, home: Path, python: Path) -> None:
        super().__init__()
        self.kinds: list[Mapping[str, Any]] = []
        self._threads = threads
        self._home = home
        self._python = python
        self._living: dict[int, Child] = {}
        self._requests: deque[tuple[socket.socket, asyncio.Future[Child]]] = deque()
        self._control: socket.socket | None = None

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Start the fork server and hear what it tells, until cancelled.

        Raises:
            ForkServerError: it ended by itself.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        process = self._spawn(theirs)
        theirs.close()
        self._control = ours
        try:
            await self._hear(ours, ready=ready)
        finally:
            ours.close()  # the fork server ends at this, and the kernel ends its children
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(process.wait)
            for child in list(self._living.values()):
                child.ended(status=-signal.SIGKILL, cpu_seconds=0.0)
            self._living.clear()

    def _spawn(self, control: socket.socket) -> "subprocess.Popen[bytes]":
        environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        home = str(self._home)
        environment |= {"POLARS_MAX_THREADS": str(self._threads), "HOME": home, "TMPDIR": home}
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [self._python, "-I", "-m", "processor.forkserver", str(control.fileno())],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[control.fileno()],
            cwd=self._home,
        )

    async def _hear(self, control: socket.socket, *, ready: TaskStatus[None]) -> None:
        while True:
            await anyio.wait_readable(control)
            data, fds, _flags, _address = socket.recv_fds(control, PACKET_BYTES, 1)
            if not data:
                raise ForkServerError("the fork server ended")
            message = json.loads(data)
            match message["type"]:
                case "kind":
                    self.kinds.append(message["kind"])
                case "ready":
                    ready.started()
                case "started":
                    self._begin(pid=message["pid"], pidfd=fds[0])
                case "exited":
                    if child := self._living.pop(message["pid"], None):
                        child.ended(status=message["status"], cpu_seconds=message["cpu_seconds"])

    def _begin(self, *, pid: int, pidfd: int) -> None:
        end, waiter = self._requests.popleft()
        scratch = self._home / "children" / str(pid)
        scratch.mkdir(mode=0o700)
        child = Child(pid=pid, pidfd=pidfd, end=end, scratch=scratch)
        self._living[pid] = child
        if waiter.done():
            end.close()  # whoever asked has gone; at the end of its pipe the child ends too
        else:
            waiter.set_result(child)

    async def start(self) -> Child:
        """A new child, ready for a job.

        Raises:
            ForkServerError: the fork server is gone.
        """
        if self._control is None:
            raise ForkServerError("the fork server is not running")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        with theirs:
            self._requests.append((ours, waiter))
            socket.send_fds(self._control, [b"start"], [theirs.fileno()])
        child = await waiter
        await child.open()
        return child


def _proc(pid: int, file: str) -> bytes:
    """A file of /proc; never waits, since it is no disk."""
    descriptor = os.open(f"/proc/{pid}/{file}", os.O_RDONLY)
    try:
        return os.read(descriptor, 4096)
    finally:
        os.close(descriptor)
