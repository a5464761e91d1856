"""Keeps what a process knows from other processes of the same user."""

import ctypes
from typing import Final

PR_SET_DUMPABLE: Final = 4


def keep_to_ourselves() -> None:
    """Let no other process of this user read our memory or our environment, where secrets are (`/proc/<pid>/...`).

    Nothing happens where the kernel does not know how; then it is as it was.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
