"""The process that forks the children: it has imported Polars and every kind once, and has never used them.

Starting Python and importing Polars costs 200 ms, a fork of a process that has done so costs a few. It must not have
*used* Polars: a fork after that hangs on locks that Polars' threads held. And it must be a process of its own: a fork
of the supervisor would carry the supervisor's connections, and its environment with the credentials.

    supervisor ──a folder, a socket, a pipe──► fork server ──fork──► child (owns them, and goes in behind its walls)
               ◄──"started" + pidfd── (or "refused": there is no room for another process)
               ◄──"exited", status, resource usage──

The pidfd lets the supervisor signal a child without the danger of hitting another process that got its number. What a
child started and left behind ends with it: first its group, then whatever else came to this process by its end. When
the supervisor ends, its socket ends, so the fork server ends all children and itself. Should it be killed, the kernel
kills the children (PR_SET_PDEATHSIG), and the processor what they started. Nothing is left over.
"""

import faulthandler
import json
import logging
import os
import resource
import selectors
import signal
import socket
import sys
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from processor import child, descendants
from processor.confinement import kernel
from processor.confinement.enclosure import Enclosure
from processor.confinement.trial import standing_walls
from processor.confinement.wall import Wall
from processor.kind import Kind, installed_kinds
from processor.oom_score import OomScore
from processor.priority import Priority, place_child, place_session

PACKET_BYTES = 1 << 20

log = logging.getLogger(__name__)


def main() -> None:
    """Serve the supervisor at the other end of a socket.

    The arguments are its number, and as JSON what the children's walls depend on (see `Enclosure.plan`) and their
    priority.
    """
    faulthandler.enable()  # of children that crash, too; without it native code ends without a word
    child.print_lines()
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    # Python 3.12 warns of a fork beside threads. Those here are jemalloc's, which prepares for forks, and the one of
    # Polars that cleans up spilled files and sleeps until then. tests/contracts holds that a fork works.
    warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal goes to all; the supervisor decides
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    descendants.adopt_orphans()
    oom_score = OomScore()
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)  # a child that could write here would be every child to come
    control, terms = socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2])
    kinds = installed_kinds()
    enclosure = Enclosure.plan(hidden=map(Path, terms["hidden"]), scratch_bytes=terms["scratch_bytes"])
    priority = Priority(terms["priority"])
    place_session(priority)
    server = ForkServer(
        control=control,
        kinds=kinds,
        enclosure=enclosure,
        walls=standing_walls(enclosure),
        priority=priority,
        oom_score=oom_score,
    )
    try:
        server.serve()
    finally:
        server.end()


class ForkServer:
    """Forks children on request and tells how each ended."""

    def __init__(
        self,
        *,
        control: socket.socket,
        kinds: Mapping[str, Kind[Any]],
        enclosure: Enclosure,
        walls: Iterable[Wall],
        priority: Priority,
        oom_score: OomScore,
    ) -> None:
        self._control = control
        self._oom_score = oom_score
        self._priority = priority
        self._kinds = kinds
        self._enclosure = enclosure
        self._walls = tuple(walls)
        self._children: set[int] = set()
        self._wake_read, self._wake_write = socket.socketpair()

    def serve(self) -> None:
        """Announce the kinds, then fork and reap until the supervisor is gone."""
        for end in (self._wake_read, self._wake_write):
            end.settimeout(0)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        for kind in self._kinds.values():
            self._tell({"type": "kind", "kind": kind.announcement()})
        self._tell({"type": "ready", "walls": self._walls})
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake_read in ready:
                    self._wake_read.recv(4096)
                    self._reap()
                if self._control in ready and not self._hear():
                    return

    def _hear(self) -> bool:
        try:
            message, fds, _flags, _address = socket.recv_fds(self._control, PACKET_BYTES, 2)
        except ConnectionResetError:  # the supervisor was killed before it read what we sent
            return False
        if not message:
            return False
        end, output = fds
        self._fork(socket.socket(fileno=end), output, folder=Path(os.fsdecode(message)))
        os.close(output)
        return True

    def _fork(self, end: socket.socket, output: int, *, folder: Path) -> None:
        fork_server = os.getpid()
        try:
            with self._oom_score.of_a_child():
                pid = os.fork()
        except OSError as error:
            end.close()
            self._tell({"type": "refused", "errno": error.errno})
            return
        if pid == 0:
            self._be_child(end, output, folder=folder, fork_server=fork_server)
        self._children.add(pid)
        end.close()
        pidfd = os.pidfd_open(pid)
        self._tell({"type": "started", "pid": pid}, fd=pidfd)
        os.close(pidfd)

    def _be_child(self, end: socket.socket, output: int, *, folder: Path, fork_server: int) -> None:
        """Runs in the child, and never returns: whatever happens must not go on with the fork server's work."""
        status = 1
        try:
            for number in (1, 2):
                os.dup2(output, number)
            close_all_but(end.fileno())
            become_child(fork_server=fork_server)
            place_child(self._priority)
            for wall in self._walls:
                self._enclosure.build(wall, folder=folder)
            child.serve(end, self._kinds)
            status = 0
        except (BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
            status = 0  # the supervisor has closed the pipe: nobody is left to talk to
        except BaseException:
            log.exception("a child failed")
        finally:
            os._exit(status)

    def _reap(self) -> None:
        """Take leave of those that ended, and end what they left running."""
        while (pid := descendants.one_that_ended()) is not None:
            if pid in self._children:
                descendants.kill_group(pid)
            _, status, usage = os.wait4(pid, 0)
            descendants.kill(descendants.children() - self._children)
            if pid in self._children:
                self._children.discard(pid)
                self._tell({
                    "type": "exited",
                    "pid": pid,
                    "status": os.waitstatus_to_exitcode(status),
                    "cpu_seconds": usage.ru_utime + usage.ru_stime,
                })  # fmt: skip

    def end(self) -> None:
        """End all children with all that they started."""
        for pid in self._children:
            descendants.kill_group(pid)
        descendants.end_all()

    def _tell(self, message: Mapping[str, object], *, fd: int | None = None) -> None:
        data = json.dumps(message).encode()
        if fd is None:
            self._control.send(data)
        else:
            socket.send_fds(self._control, [data], [fd])


def close_all_but(number: int) -> None:
    """Close every file but the standard ones and this; the rest belongs to the fork server."""
    highest = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    os.closerange(3, number)
    os.closerange(number + 1, highest)


def become_child(*, fork_server: int) -> None:
    """Leave what belongs to the fork server behind."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    kernel.prctl(kernel.PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != fork_server:
        os._exit(1)  # it died before the kernel was asked to tell
    os.setpgid(0, 0)  # a group of its own: what it starts can be ended with it
    descendants.adopt_orphans()
    os.umask(0o077)  # its files are nobody else's, and it cannot change a mode later


if __name__ == "__main__":
    main()
