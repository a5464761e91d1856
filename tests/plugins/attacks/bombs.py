"""Bombs of processes and of threads from behind the walls that hold them, as a program of the user it is told.

Standard input is `{"folder", "user", "most"}`: where scratch is, who to become (only root can), and the user's limit of
threads. What was possible is told on standard output.
"""

import _thread
import errno
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

from processor.confinement.enclosure import Enclosure
from processor.confinement.wall import Wall

FOR_EVER = 3600


def forks_of(most: int) -> str:
    """How the first fork that fails does so; `none` if none of so many does."""
    for _ in range(most):
        try:
            pid = os.fork()
        except OSError as error:
            return errno.errorcode.get(error.errno or 0, str(error))
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    return "none"


def threads_of(most: int) -> int:
    """How many threads could be started, of so many."""
    _thread.stack_size(64 << 10)
    for number in range(most):
        try:
            _thread.start_new_thread(time.sleep, (FOR_EVER,))
        except RuntimeError:
            return number
    return most


def explode(told: dict[str, Any]) -> None:
    enclosure = Enclosure.plan(hidden=[], scratch_bytes=1 << 20)
    resource.setrlimit(resource.RLIMIT_NPROC, (told["most"], told["most"]))
    if os.geteuid() == 0:
        os.setresgid(told["user"], told["user"], told["user"])
        os.setresuid(told["user"], told["user"], told["user"])
    for wall in (Wall.NO_NEW_PRIVS, Wall.RLIMITS, Wall.SECCOMP):
        enclosure.build(wall, folder=Path(told["folder"]))
    json.dump({"forks": forks_of(20), "threads": threads_of(2 * told["most"])}, sys.stdout)
    sys.stdout.flush()


if __name__ == "__main__":
    task = json.load(sys.stdin)
    if (pid := os.fork()) == 0:  # a walled process has one thread, and Polars brings others
        explode(task)
        os._exit(0)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
