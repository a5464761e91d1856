"""Whose failure it was, where an attempt ended without a result: that of the child, of the task, or of this machine."""

import os
import signal
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

import anyio

from processor.child_process import Child
from processor.claim import Failed, Report
from processor.protocol import MACHINE_FAILED

ENDING_S: Final = 1.0  # from the end of its pipe to the end of a child
PROOF_BYTES: Final = 1 << 20


def machine_failed(
    message: str = "The processor's machine could not run the analysis.", *, by_machine: bool = True
) -> Failed:
    """The end of an attempt that may go well the next time; `by_machine`: as its processor saw for itself."""
    error = {
        "code": MACHINE_FAILED,
        "message": message,
        "advice": "Nothing to do: it is tried again. If it stays, tell the operator the task's id.",
    }
    return Failed(error=error, permanent=False, by_machine=by_machine)


async def judged(report: Report, *, folder: Path) -> Report:
    """What a child says of this machine is tried, now that it is gone with all that it wrote."""
    if isinstance(report, Failed) and not report.permanent:
        return replace(report, by_machine=not await takes_bytes(folder))
    return report


async def takes_bytes(folder: Path) -> bool:
    """Whether the disk below a folder of this machine takes what is written."""
    return await anyio.to_thread.run_sync(_takes_bytes, folder)


def _takes_bytes(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(bytes(PROOF_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    return True


async def how_it_ended(child: Child) -> str:
    """How a child ended that closed its pipe without a word, to be read behind "the analysis"."""
    with anyio.move_on_after(ENDING_S):
        await child.gone.wait()
    status = child.exit_status
    if status is None:
        return "closed its pipe and went on"
    if status >= 0:
        return f"ended without a result (exit status {status})"
    if status == -signal.SIGKILL:
        return "was killed from outside, most likely by the kernel for want of memory"
    return f"crashed ({signal.Signals(-status).name})"
