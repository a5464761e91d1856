"""Processor time as the kernel counts it, of a process with all that it started."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process, of its living descendants, and of those that any of them has waited for."""
    return sum(_own_cpu_seconds(process) for process in family(pid))


def own_cpu_seconds(pid: int) -> float:
    """Processor time of the process alone."""
    return sum(_ticks(pid)[:2]) / TICKS_A_SECOND


def family(pid: int) -> Iterator[int]:
    """The process and all its living descendants."""
    yield pid
    for child in _children(pid):
        yield from family(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with contextlib.suppress(OSError):  # it, or one of its threads, has just ended
        for thread in Path(f"/proc/{pid}/task").glob("*/children"):
            found += map(int, thread.read_text(encoding="ascii").split())
    return found


def _own_cpu_seconds(pid: int) -> float:
    return sum(_ticks(pid)) / TICKS_A_SECOND


def _ticks(pid: int) -> tuple[int, int, int, int]:
    """Its utime, stime, cutime and cstime; nothing of one that has ended, since its parent counts it then."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0, 0, 0, 0
    user, system, waited_user, waited_system = map(int, status.rpartition(")")[2].split()[11:15])
    return user, system, waited_user, waited_system
