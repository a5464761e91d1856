"""Writes log lines beside the event loop.

Writing a line is mostly a matter of microseconds. But standard error may be a file on a disk that is just being
synchronised, or a pipe that somebody is slow to read; then the write waits, and with it all that the loop has to do. So
lines are put down, and a thread writes what has gathered, a few dozen times a second.
"""

import logging
import threading
import time
from collections import deque
from typing import Final, TextIO

GATHER_S: Final = 0.02
MOST_WAITING: Final = 50_000  # lines; of more, the oldest are lost, and their number is told
FLUSH_S: Final = 2.0


class LineWriter(logging.Handler):
    """A handler that never waits for its stream, but for `flush`, which the end of the process does.

    Args:
        stream: where lines go.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream
        self._lines: deque[str] = deque()
        self._lost = 0
        self._state = threading.Lock()  # of what follows, and of what it says about the lines
        self._is_written = threading.Event()
        self._is_written.set()
        self._come = threading.Event()
        threading.Thread(target=self._write_all, name="log", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Put a line down."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 - as logging has it: a line that cannot be made must not end what it tells of
            self.handleError(record)
            return
        with self._state:
            if len(self._lines) >= MOST_WAITING:
                self._lines.popleft()
                self._lost += 1
            self._lines.append(line)
            if not self._come.is_set():
                self._is_written.clear()
                self._come.set()

    def flush(self) -> None:
        """Wait until all lines are written, a few seconds at most."""
        self._is_written.wait(FLUSH_S)

    def _write_all(self) -> None:
        while True:
            self._come.wait()
            self._write(self._take())
            with self._state:
                if not self._lines:
                    self._is_written.set()
            time.sleep(GATHER_S)

    def _take(self) -> list[str]:
        with self._state:
            self._come.clear()
            lines, self._lines = self._lines, deque()
            lost, self._lost = self._lost, 0
        told = [f"{lost} lines of the log were lost: nobody took them in time"] if lost else []
        return [*told, *lines]

    def _write(self, lines: list[str]) -> None:
        try:
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
        except (OSError, ValueError):  # nobody reads any more, or it was closed: there is no place to say so
            return
