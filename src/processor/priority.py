"""How far analyses stand behind everything else that wants the machine's processors.

Where one machine has all, an answer of milliseconds must not wait for analyses of minutes. Niceness alone does not do
it: Linux shares processors out among sessions first (autogroups), and niceness counts only within one. A session for
each child would be a full share for each, and eight of them would leave a gateway the ninth part of the machine. So all
children of a processor are in one session, that of their fork server, which stands behind others as a whole; in it the
fork server goes first.

A share says how much one gets, and not how soon. Since Linux 6.6 whoever has just begun a turn may end it, and one that
wakes waits so long; an answer that goes from the gateway to Postgres and back waits several times. From 6.12 on a
process may ask for turns of another length, and those with short ones go before those with long ones. So children ask
for long turns: they end sooner where somebody waits, and are left alone where nobody does.
"""

import contextlib
import ctypes
import os
import platform
from enum import StrEnum
from pathlib import Path
from typing import Final

from processor.confinement.kernel import syscall

GROUP: Final = Path("/proc/self/autogroup")
CHILD_NICENESS: Final = 10
CHILD_TURN_NS: Final = 20_000_000  # that of others is 0.7 to some 3 ms
SCHED_SETATTR: Final = {"x86_64": 314, "aarch64": 274}


class Priority(StrEnum):
    """What analyses get where others want the processors, too."""

    IDLE = "idle"  # what nobody else wants
    LOW = "low"  # about a tenth of what another gets
    NORMAL = "normal"  # as much as all others


GROUP_NICENESS: Final = {Priority.IDLE: 19, Priority.LOW: 10}


def place_session(priority: Priority) -> None:
    """Put the present session, which is that of the children to come, behind others."""
    if priority in GROUP_NICENESS:
        with contextlib.suppress(OSError):  # a kernel without such groups
            GROUP.write_text(str(GROUP_NICENESS[priority]), encoding="ascii")


def place_child(priority: Priority) -> None:
    """Put the present process, a child, behind the others of its session; it cannot come forward again."""
    niceness = os.nice(CHILD_NICENESS)
    policy = os.SCHED_IDLE if priority is Priority.IDLE else os.SCHED_BATCH
    os.sched_setscheduler(0, policy, os.sched_param(0))
    ask_for_turns(CHILD_TURN_NS, policy=policy, niceness=niceness)


class Scheduling(ctypes.Structure):
    """`struct sched_attr` in its first version."""

    _fields_ = (
        ("size", ctypes.c_uint32),
        ("policy", ctypes.c_uint32),
        ("flags", ctypes.c_uint64),
        ("nice", ctypes.c_int32),
        ("priority", ctypes.c_uint32),
        ("runtime", ctypes.c_uint64),
        ("deadline", ctypes.c_uint64),
        ("period", ctypes.c_uint64),
    )


def ask_for_turns(nanoseconds: int, *, policy: int, niceness: int) -> None:
    """Ask for turns of this length for the present process and its threads to come; older kernels do not mind."""
    number = SCHED_SETATTR.get(platform.machine())
    if number is None:
        return
    wanted = Scheduling(size=ctypes.sizeof(Scheduling), policy=policy, nice=niceness, runtime=nanoseconds)
    with contextlib.suppress(OSError):  # a filter around this container that does not know the call
        syscall(number, 0, ctypes.byref(wanted), 0)
