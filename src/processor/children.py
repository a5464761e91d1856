"""The fork server and the children that it forked: asks for them, and hears of their end."""

import asyncio
import json
import logging
import os
import signal
import socket
import subprocess
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import TaskStatus

from common.lifecycle import Service
from processor.allocator import allocator_settings
from processor.answers import Answers, ForkServerError
from processor.child_output import ChildOutput, output_pipe
from processor.child_process import Child
from processor.confinement.wall import Wall
from processor.forkserver import PACKET_BYTES
from processor.priority import Priority
from processor.room import Room

log = logging.getLogger(__name__)

# What a child may see of the environment it runs in. Everything else stays here, the credentials first of all.
PASSED_ON = ("PATH", "LANG", "LC_ALL", "TZ", "SUNDOG_CHILD_FAULTS")

ANSWER_S = 20.0  # far more than it takes to fork, or to take leave of a child, on any machine that still works
END_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A child that is asked for: our ends of its pipes, its folder, and who waits for it."""

    end: socket.socket
    output: ChildOutput
    room: Room
    waiter: asyncio.Future[Child]


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
        tells_output: whether the log tells what they print, or only how much.
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
        tells_output: bool = True,
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
        self._tells_output = tells_output
        self._requests: deque[_Request] = deque()
        self._started = 0
        self._control: socket.socket | None = None

    async def run(self, *, ready: TaskStatus[None]) -> None:
        """Start the fork server and hear what it tells, until cancelled.

        Raises:
            ForkServerError: it ended by itself, or does not answer.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.setblocking(False)  # noqa: FBT003 - the standard library's signature
        ours_printed, theirs_printed = output_pipe()
        process = self._spawn(theirs, theirs_printed)
        theirs.close()
        os.close(theirs_printed)
        output = ChildOutput(ours_printed, is_told=self._tells_output)
        output.open(pid=process.pid)
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
            output.close()
            for child in list(self._living.values()):
                child.ended(status=-signal.SIGKILL, cpu_seconds=0.0)
            self._living.clear()
            while self._requests:
                self._refuse(OSError("the fork server ended"))

    def _spawn(self, control: socket.socket, output: int) -> "subprocess.Popen[bytes]":
        environment = {key: os.environ[key] for key in PASSED_ON if key in os.environ}
        home = str(self._home)
        environment |= {"POLARS_MAX_THREADS": str(self._threads), "HOME": home, "TMPDIR": home}
        environment |= allocator_settings(threads=self._threads)
        environment["POLARS_OOC_SPILL_DIR"] = "spill"  # below the working folder of a task, which is its scratch
        return subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [self._python, "-I", "-m", "processor.forkserver", str(control.fileno()), json.dumps(self._terms)],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
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
        asked = self._requests[0]
        child = self._living[pid] = Child(
            pid=pid, pidfd=pidfd, end=asked.end, output=asked.output, room=asked.room, answers=self._answers
        )
        if asked.waiter.done():
            self._refuse(OSError())  # whoever asked has gone
            return
        self._requests.popleft()
        asked.waiter.set_result(child)

    def _refuse(self, error: OSError) -> None:
        """Tell who has asked first that there is no child; at the end of its pipe one that was started ends."""
        asked = self._requests.popleft()
        asked.end.close()
        asked.output.close()
        if not asked.waiter.done():
            asked.waiter.set_exception(error)

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
        ours_printed, theirs_printed = output_pipe()
        output = ChildOutput(ours_printed, is_told=self._tells_output)
        waiter: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._requests.append(_Request(end=ours, output=output, room=room, waiter=waiter))
        try:
            socket.send_fds(control, [os.fsencode(room.folder)], [theirs.fileno(), theirs_printed])
        except OSError:
            self._requests.pop()
            ours.close()
            output.close()
            raise
        finally:
            theirs.close()
            os.close(theirs_printed)
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
