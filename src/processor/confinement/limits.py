"""Limits that the kernel keeps for each process: lowered once, and never raised again."""

import resource
from pathlib import Path
from typing import Final

ALL_THREADS: Final = Path("/proc/sys/kernel/threads-max")
DESCRIPTORS: Final = 4096
# The watchdog looks at the disk twice a second and has the first word; this is for what a file grows meanwhile.
FILE_BYTES_BEFORE_THE_WATCHDOG: Final = 1 << 30


def lower_limits(*, scratch_bytes: int) -> None:
    """Lower what an analysis needs less of than a service.

    No limit on address space: Polars reserves far more than it uses, and aborts without a word when it may not.

    Args:
        scratch_bytes: disk that it may fill.
    """
    lower(resource.RLIMIT_CORE, 0)  # a core file would hold people's data
    lower(resource.RLIMIT_NOFILE, DESCRIPTORS)
    lower(resource.RLIMIT_FSIZE, scratch_bytes + FILE_BYTES_BEFORE_THE_WATCHDOG)
    lower(resource.RLIMIT_MSGQUEUE, 0)
    for never_again in (resource.RLIMIT_NICE, resource.RLIMIT_RTPRIO):
        lower(never_again, 0)
    lower(resource.RLIMIT_NPROC, _all_threads_but_some())


def lower(limit: int, most: int) -> None:
    """Set both the limit and what it may be raised to; what is lower already stays."""
    soft, hard = resource.getrlimit(limit)
    resource.setrlimit(limit, (_smaller(soft, most), _smaller(hard, most)))


def _smaller(present: int, most: int) -> int:
    return most if present == resource.RLIM_INFINITY else min(present, most)


def _all_threads_but_some() -> int:
    """This limit counts all threads of a user: so a child that starts too many leaves the last eighth to the services.

    No less, since whoever has that many already needs them. The kernel does not hold root to it.
    """
    most = resource.getrlimit(resource.RLIMIT_NPROC)[1]
    if most == resource.RLIM_INFINITY:
        most = int(ALL_THREADS.read_text("ascii"))
    return most - most // 8
