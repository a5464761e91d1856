"""How far analyses stand behind everything else that wants the machine's processors.

Where one machine has all, an answer of milliseconds must not wait for analyses of minutes. Niceness alone does not do
it: Linux shares processors out among sessions first (autogroups), and niceness counts only within one. A session for
each child would be a full share for each, and eight of them would leave a gateway the ninth part of the machine. So all
children of a processor are in one session, that of their fork server, which stands behind others as a whole; in it the
fork server goes first.

What looks better and is not, as measured on Linux 6.18: turns of 20 ms for children (sched_setattr), or SCHED_BATCH. Of
a process that slept 5 ms beside eight analyses one waking in a hundred then was 4 ms late, instead of 0.9.
"""

import contextlib
import os
from enum import StrEnum
from pathlib import Path
from typing import Final

GROUP: Final = Path("/proc/self/autogroup")
CHILD_NICENESS: Final = 10


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
    os.nice(CHILD_NICENESS)
    if priority is Priority.IDLE:
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
