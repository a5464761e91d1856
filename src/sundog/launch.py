"""Runs a command that ends when its parent ends: `launch.py PARENT SIGNAL NICENESS IDENTITY COMMAND...`.

It is executed as a script of its own, between fork and the command, and imports the standard library alone. A
`preexec_fn` would do the same inside the parent, where other threads may hold locks at the moment of the fork.

IDENTITY says as whom the command runs, because Postgres refuses to be root:
    same        as the caller
    namespace   in a user namespace in which the caller is an ordinary user; files keep their owner outside of it
    UID:GID     as that user; only root may
"""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000
ORDINARY_ID = 1000


def main(arguments: list[str]) -> None:
    """Become the command; returns only by an exception."""
    parent, signal, niceness, identity, *command = arguments
    _be_nice(int(niceness))
    _become(identity)
    # Last, since a change of identity would clear it.
    _check(ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(signal)))
    if os.getppid() != int(parent):
        sys.exit(f"the parent {parent} is gone")
    os.execvp(command[0], command)  # noqa: S606 - this is what the script is for


def _be_nice(niceness: int) -> None:
    """Let others go first.

    A session of its own is a group of its own to Linux' scheduler, which shares processors out among groups first: then
    niceness means something only within the group. So the group is told, too.
    """
    os.nice(niceness)
    group = Path("/proc/self/autogroup")
    if niceness:
        with contextlib.suppress(OSError):  # a kernel without such groups
            group.write_text(str(niceness), encoding="ascii")


def _become(identity: str) -> None:
    if identity == "same":
        return
    if identity == "namespace":
        _enter_user_namespace()
        return
    uid, gid = identity.split(":")
    os.setgroups([])
    os.setgid(int(gid))
    os.setuid(int(uid))


def _enter_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _check(ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWUSER))
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{ORDINARY_ID} {uid} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{ORDINARY_ID} {gid} 1", encoding="ascii")


def _check(result: int) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


if __name__ == "__main__":
    main(sys.argv[1:])
