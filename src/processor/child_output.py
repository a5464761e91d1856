"""What a child prints: libraries speak on standard output and error, and so does the crash of native code.

It comes through a pipe and goes into the log, line by line, each record with the task that it is about. A child that
prints much neither fills the log, since of one task (or in a minute of none) no more than `MOST_BYTES` in `MOST_LINES`
are told, nor takes the time of others: past `BYTES_AT_ONCE` within `WINDOW_S` the rest waits. And all is read, also
what is not told, so that no child stands still because it printed.
"""

import asyncio
import logging
import os
from typing import Final

log = logging.getLogger(__name__)

MOST_BYTES: Final = 16 << 10
MOST_LINES: Final = 200
BYTES_AT_ONCE: Final = 1 << 20
WINDOW_S: Final = 0.05
ANEW_S: Final = 60.0  # what is about no task has this time to fill its bounds, and then new ones
_READ_BYTES: Final = 1 << 16


def output_pipe() -> tuple[int, int]:
    """Our end, which never waits, and the end to print to, which does."""
    ours, theirs = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    os.set_blocking(theirs, True)
    return ours, theirs


class ChildOutput:
    """Reads what one process prints, and tells it in the log.

    Args:
        end: our end of its pipe, which this owns.
        is_told: otherwise only how much it was is told.
        anew_s: how often what is about no task may fill the bounds, which a process that makes others lives through.
    """

    def __init__(self, end: int, *, is_told: bool, anew_s: float = ANEW_S) -> None:
        self._end = end
        self._is_told = is_told
        self._anew_s = anew_s
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pause: asyncio.TimerHandle | None = None
        self._window_ends = 0.0
        self._at_once = 0
        self._anew_at = 0.0
        self._about: dict[str, object] = {}
        self._begin_anew()

    def open(self, *, pid: int) -> None:
        """Begin to read; what is said of no task is said of the process."""
        self._about = {"pid": pid}
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._end, self._read)

    def begin(self, task: object) -> None:
        """What is printed from now on is about this task."""
        self.finish()
        self._about |= {"task": task}

    def finish(self) -> None:
        """Tell what was printed up to now; what comes later is about no task."""
        self._drain()
        if self._rest:
            self._tell(bytes(self._rest))
        if self._left_out:
            log.warning("of what a child printed some is left out", extra={**self._about, "bytes": self._left_out})
        self._about.pop("task", None)
        self._begin_anew()

    def close(self) -> None:
        """Tell what is left, and read no more. Harmless if it is closed, or was never opened."""
        if self._end < 0:
            return
        if self._loop is not None:
            self._loop.remove_reader(self._end)
        if self._pause is not None:
            self._pause.cancel()
        self.finish()
        os.close(self._end)
        self._end = -1

    def _begin_anew(self) -> None:
        self._bytes = self._lines = self._left_out = 0
        self._rest = bytearray()

    def _read(self) -> None:
        """Take what there is, once; called by the loop."""
        if self._loop is None:
            return
        data = self._some()
        if data == b"":  # the other ends are closed
            self._loop.remove_reader(self._end)
        if not data:
            return
        now = self._loop.time()
        if "task" not in self._about and now >= self._anew_at:
            self.finish()
            self._anew_at = now + self._anew_s
        self._take(data)
        if now >= self._window_ends:
            self._at_once, self._window_ends = 0, now + WINDOW_S
        self._at_once += len(data)
        if self._at_once > BYTES_AT_ONCE:
            self._loop.remove_reader(self._end)
            self._pause = self._loop.call_at(self._window_ends, self._go_on)

    def _go_on(self) -> None:
        if self._loop is not None:
            self._pause = None
            self._loop.add_reader(self._end, self._read)

    def _drain(self) -> None:
        """Take what lies in the pipe, but no more than there can be: something may go on printing."""
        for _ in range(BYTES_AT_ONCE // _READ_BYTES):
            if self._end < 0 or not (data := self._some()):
                return
            self._take(data)

    def _some(self) -> bytes | None:
        """What there is; None if there is nothing now, and no byte if there never will be."""
        try:
            return os.read(self._end, _READ_BYTES)
        except BlockingIOError:
            return None

    def _take(self, data: bytes) -> None:
        has_room = self._is_told and self._lines < MOST_LINES
        told = data[: MOST_BYTES - self._bytes] if has_room else b""
        self._left_out += len(data) - len(told)
        self._bytes += len(told)
        self._rest += told
        *lines, self._rest = self._rest.split(b"\n")
        for line in lines:
            self._tell(bytes(line))

    def _tell(self, line: bytes) -> None:
        if self._lines >= MOST_LINES:
            self._left_out += len(line) + 1
            return
        self._lines += 1
        log.warning("a child printed", extra={**self._about, "printed": shown(line)})


def shown(line: bytes) -> str:
    """A line as one of text, whatever its bytes: none of them ends the line, or moves a terminal's cursor."""
    text = line.rstrip(b"\r").decode(errors="backslashreplace")
    return "".join([sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text])
