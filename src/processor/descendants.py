"""The processes below this one, whoever started them: so that nothing outlives what it was started for.

A process whose parent ends goes to the nearest process above that has asked for orphans (PR_SET_CHILD_SUBREAPER). The
child asks, so that it sees what its analysis left behind; so does the fork server, which ends whatever a dead child
left to it; and so does a processor, in case its fork server is killed. No session and no group of its own helps a
process to get away from that.
"""

import contextlib
import ctypes
import os
import signal
from collections.abc import Collection, Iterable
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every process below this one that loses its own."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(of: int | str = "self") -> set[int]:
    """The processes whose parent this one is (or that with the pid `of`), also those that wait to be reaped."""
    found: set[int] = set()
    with contextlib.suppress(OSError):  # the process may end meanwhile
        for thread in Path(f"/proc/{of}/task").iterdir():
            with contextlib.suppress(OSError):  # a thread may end meanwhile; a kernel may not tell at all
                found.update(map(int, (thread / "children").read_text("ascii").split()))
    return found


def with_all_below(pids: Iterable[int]) -> set[int]:
    """These processes, their children, and theirs."""
    found: set[int] = set()
    for pid in pids:
        found |= {pid, *with_all_below(children(pid))}
    return found


def has_children() -> bool:
    """Whether there is any; one call of the system."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def one_that_ended() -> int | None:
    """A child that ended; until it is reaped its number is nobody else's."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return None
    return found.si_pid if found is not None else None


def kill(pids: Iterable[int]) -> None:
    """Kill these children of this process."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def kill_group(pid: int) -> None:
    """Kill all in the group of a child that is not reaped yet: at once, so that none of them can start another."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def end_all(*, but: Collection[int] = ()) -> None:
    """Kill every process below this one, and wait until there is none; `but` some children, with all that they have."""
    while unwanted := children().difference(but):
        kill(unwanted)
        for pid in unwanted:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)
