"""The supervisor's side of the children: starts them, talks to them, ends them and hears of their end."""

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus

from common.errors import SundogError
from common.lifecycle import Service
from processor import protocol
from processor.child_pipe import ChildPipe, PipeClosedError
from processor.confinement.wall import Wall
from processor.forkserver import PACKET_BYTES
from processor.meter import Meter
from processor.priority import Priority
from processor.protocol import ChildMessage, Failure, Job, Result
from processor.room import Room

log = logging.getLogger(__name__)

# What a child may see of the environment it runs in. Everything else stays here, the credentials first of all.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SUNDOG_CHILD_FAULTS")

ANSWER_S = 20.0  # far more than it takes to fork, or to take leave of a child, on any machine that still works
END_S = 10.0
STEPS = 10


class ForkServerError(SundogError):
    """The fork server ended, or answers no more; the processor cannot work without it and ends too."""

    code = "fork_server_ended"


class Answers:
    """How long the fork server may take to answer.

    Args:
        within: seconds.

    Attributes:
        expected: cancelled when one did not come. Whoever owns the fork server ends it then, and so all waiting for it.
    """

    def __init__(self, *, within: float) -> None:
        self.expected = anyio.CancelScope()
        self._within = within

    async def wait_for(self, answer: Callable[[], Awaitable[object]]) -> bool:
        """Wait for an answer, which can be waited for again; False if it is missing.

        The time is taken in steps, each seen to its end by this process: one that was frozen together with the fork
        server finds at most one step over when both go on.
        """
        for _ in range(STEPS):
            with anyio.move_on_after(self._within / STEPS):
                await answer()
                return True
        self.expected.cancel()
        return False


class Child:
    """One child process.

    Attributes:
        room: the folder that is its own.
        pid: its process number; for /proc only, signals go through the pidfd.
        exit_status: None while it lives; then its exit code, or minus the signal that ended it.
        tasks_done: how many tasks it has ended by its own word.
        bytes_at_start: resident memory before its first task.
        bytes_seen: resident memory when it was looked at last; while it is idle that does not change.
        cpu_seen: processor time that it had used then.
        is_clean: it has ended its task by its own word, and says that nothing of the task goes on in it.
        has_strayed: something in it has spoken for another job than the present one.
    """

    def __init__(self, *, pid: int, pidfd: int, end: socket.socket, room: Room, answers: Answers) -> None:
        self.pid = pid
        self._answers = answers
        self.room = room
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
        """Make its pipe ready for messages."""
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


class Children(Service):
    """Owns the fork server and the children it forked.

    Attributes:
        kinds: the announcements of the kinds that are installed, once started.
        walls: what every child is confined by, once started.

    Args:
        threads: that Polars uses in each child.
        home: where the children's folders are made.
        python: that they run in.
        hidden: folders that no child may read, even if Python has modules beside them.
        scratch_bytes: disk that a child may fill.
        priority: how far the children stand behind others.
        answer_s: how long the fork server may take to start a child, or to say that one has ended.
    """

    def __init__(
        self,
        *,
        threads: int,
        home: Path,
        python: Path,
        hidden: Iterable[Path] = (),
        scratch_bytes: int = 1 << 40,
        priority: Priority = Priority.LOW,
        answer_s: float = ANSWER_S,
    ) -> None:
        super().__init__()
        self._answers = Answers(within=answer_s)
        self.kinds: list[Mapping[str, Any]] = []
        self.walls: tuple[Wall, ...] = ()
        self._terms = {
            "hidden": [str(home), *map(str, hidden)],
            "scratch_bytes": scratch_bytes,
            "priority": priority,
        }
        self._threads = threads
        self._home = home
        self._python = python
        self._living: dict[int, Child] = {}
        self._requests: deque[tuple[socket.socket, Room, asyncio.Future[Child]]] = deque()
        self._started = 0
        self._control: socket.socket | None = None

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Start the fork server and hear what it tells, until cancelled.

        Raises:
            ForkServerError: it ended by itself, or does not answer.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        process = self._spawn(theirs)
        theirs.close()
        self._control = ours
        try:
            with self._answers.expected:
                await self._hear(ours, ready=ready)
            raise ForkServerError(
                "The process that starts the analyses does not answer.",
                advice="Start this processor again; nothing is lost.",
            )
        finally:
            self._control = None
            if self._answers.expected.cancel_called:
                process.kill()
            ours.close()  # at this the fork server ends its children and itself
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_wait_or_kill, process)
            for child in list(self._living.values()):
                child.ended(status=-signal.SIGKILL, cpu_seconds=0.0)
            self._living.clear()
            while self._requests:
                self._refuse(OSError("the fork server ended"))

    def _spawn(self, control: socket.socket) -> "subprocess.Popen[bytes]":
        environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        home = str(self._home)
        environment |= {"POLARS_MAX_THREADS": str(self._threads), "HOME": home, "TMPDIR": home}
        environment["POLARS_OOC_SPILL_DIR"] = "spill"  # below the working folder of a task, which is its scratch
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [self._python, "-I", "-m", "processor.forkserver", str(control.fileno()), json.dumps(self._terms)],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[control.fileno()],
            cwd=self._home,
            start_new_session=True,  # the children are in it, too: see processor.priority
        )

    async def _hear(self, control: socket.socket, *, ready: TaskStatus[None]) -> None:
        while True:
            await anyio.wait_readable(control)
            try:
                data, fds, _flags, _address = socket.recv_fds(control, PACKET_BYTES, 1)
            except ConnectionError:  # it was killed before it read what we sent
                data, fds = b"", []
            if not data:
                raise ForkServerError(
                    "The process that starts the analyses ended.", advice="Start this processor again; nothing is lost."
                )
            message = json.loads(data)
            match message["type"]:
                case "kind":
                    self.kinds.append(message["kind"])
                case "ready":
                    self.walls = tuple(Wall(wall) for wall in message["walls"])
                    ready.started()
                case "started":
                    self._begin(pid=message["pid"], pidfd=fds[0])
                case "refused":
                    self._refuse(OSError(message["errno"], os.strerror(message["errno"])))
                case "exited":
                    if child := self._living.pop(message["pid"], None):
                        child.ended(status=message["status"], cpu_seconds=message["cpu_seconds"])

    def _begin(self, *, pid: int, pidfd: int) -> None:
        end, room, waiter = self._requests[0]
        child = self._living[pid] = Child(pid=pid, pidfd=pidfd, end=end, room=room, answers=self._answers)
        if waiter.done():
            self._refuse(OSError())  # whoever asked has gone
            return
        self._requests.popleft()
        waiter.set_result(child)

    def _refuse(self, error: OSError) -> None:
        """Tell who has asked first that there is no child; at the end of its pipe one that was started ends."""
        end, _, waiter = self._requests.popleft()
        end.close()
        if not waiter.done():
            waiter.set_exception(error)

    async def start(self) -> Child:
        """A new child, ready for a job. This cannot be cancelled half way, which would leave a child to nobody.

        Raises:
            ForkServerError: the fork server is gone, or does not answer.
            OSError: this machine has no room for another process, or for its folder.
        """
        if self._control is None:
            raise ForkServerError("The process that starts the analyses is not running.")
        self._started += 1
        room = Room(self._home / "children" / str(self._started))
        try:
            room.make()
            with anyio.CancelScope(shield=True):
                child = await self._ask_for_child(self._control, room)
                await child.open()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await room.remove()
            raise
        return child

    async def _ask_for_child(self, control: socket.socket, room: Room) -> Child:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._requests.append((ours, room, waiter))
        with theirs:
            try:
                socket.send_fds(control, [os.fsencode(room.folder)], [theirs.fileno()])
            except OSError:
                self._requests.pop()
                ours.close()
                raise
        if not await self._answers.wait_for(lambda: asyncio.wait([waiter])):
            waiter.cancel()
            raise ForkServerError("The process that starts the analyses does not answer.")
        return waiter.result()


def _wait_or_kill(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
