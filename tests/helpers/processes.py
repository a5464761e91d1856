"""Looking at processes that are no children of ours."""

import contextlib
import os
import select
from collections.abc import Iterator
from pathlib import Path

import anyio.to_thread


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


async def gone(*pids: int) -> bool:
    """Wait until all these processes have ended, beside the loop; False if they have not in time."""
    return all([await anyio.to_thread.run_sync(ended, pid) for pid in pids])


def descendants(pid: int) -> dict[int, str]:
    """The children of a process, and theirs: pid → command line."""
    found: dict[int, str] = {}
    for child in _children(pid):
        found[child] = _command_line(child)
        found |= descendants(child)
    return found


def _children(pid: int) -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # this thread has
                yield from map(int, (thread / "children").read_text(encoding="ascii").split())


def _command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
