"""Waiting for processes that are no children of ours."""

import os
import select


def ended(pid: int, *, within: float = 30.0) -> bool:
    """Wait until the process has ended; False if it has not after so many seconds."""
    try:
        pidfd = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([pidfd], [], [], within)
        return bool(readable)
    finally:
        os.close(pidfd)
