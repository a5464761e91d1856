"""Writes log lines beside the event loop.

Writing a line is mostly a matter of microseconds. But standard error may be a file on a disk that is just being
synchronised, or a pipe that somebody is slow to read; then the write waits, and with it all that the loop has to do. So
lines are put down, and a thread writes what has gathered, a few dozen times a second.

It writes to the descriptor, past Python's own buffers: these would keep a lock while a write waits, which the end of
the process then wants too, and would forget half a line when the disk is full.

Python may look for garbage at any moment, and what is removed then may log: a future does whose error nobody took. So
whatever is held here can be taken once more by who holds it, the bell too, which is a queue for that reason.
"""

import logging
import os
import select
import threading
import time
from collections import deque
from collections.abc import Sequence
from queue import SimpleQueue
from typing import Final

GATHER_S: Final = 0.02
MOST_BYTES: Final = 8 << 20  # that wait; of more, the oldest lines are lost, and their number is told
PIECE_BYTES: Final = select.PIPE_BUF  # so much goes into a pipe at once, whoever else writes into it
FLUSH_S: Final = 2.0
LOST: Final = "%d lines of the log were lost: nobody took them in time"


class LineWriter(logging.Handler):
    """A handler that never waits for what it writes to, but for `flush`, which the end of the process does.

    Args:
        descriptor: where lines go.
    """

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: deque[bytes] = deque()
        self._bytes = 0  # of the lines
        self._lost = 0
        self._is_torn = False  # the end of what was written is not that of a line
        self._is_forked = False
        self._state = threading.RLock()  # of the lines, and of what is said about them
        self._bell: SimpleQueue[threading.Event | None] = SimpleQueue()  # with whoever waits until all is written
        threading.Thread(target=self._write_all, name="log", daemon=True).start()
        os.register_at_fork(after_in_child=self._go_on_alone)

    def emit(self, record: logging.LogRecord) -> None:
        """Put a line down."""
        try:
            line = self._line(record)
        except Exception:  # noqa: BLE001 - as logging has it: a line that cannot be made must not end what it tells of
            self.handleError(record)
            return
        with self._state:
            self._lines.append(line)
            self._bytes += len(line)
            while self._bytes > MOST_BYTES and len(self._lines) > 1:
                self._bytes -= len(self._lines.popleft())
                self._lost += 1
        if self._is_forked:
            self._write_pieces()
        elif self._bell.empty():
            self._bell.put(None)

    def _line(self, record: logging.LogRecord) -> bytes:
        return f"{self.format(record)}\n".encode(errors="backslashreplace")

    def flush(self) -> None:
        """Wait until all lines are written, a few seconds at most."""
        if not self._is_forked:
            is_written = threading.Event()
            self._bell.put(is_written)
            is_written.wait(FLUSH_S)

    def _go_on_alone(self) -> None:
        """In a fork, which has no thread to write: it does so itself, and leaves to its parent what came before."""
        self._is_forked = True
        self._state = threading.RLock()
        self._lines.clear()
        self._bytes = self._lost = 0

    def _write_all(self) -> None:
        while True:
            is_written = self._bell.get()
            self._write_pieces()
            if is_written is not None:
                is_written.set()
            time.sleep(GATHER_S)

    def _write_pieces(self) -> None:
        while lines := self._take():
            self._write(lines)

    def _take(self) -> Sequence[bytes]:
        """The next lines that fit into a piece, and before them how many were lost; nothing if all are written."""
        with self._state:
            if not self._lines:
                return ()
            taken = [self._lines.popleft()]
            size = len(taken[0])
            while self._lines and size + len(self._lines[0]) <= PIECE_BYTES:
                taken.append(self._lines.popleft())
                size += len(taken[-1])
            self._bytes -= size
        return taken

    def _write(self, lines: Sequence[bytes]) -> None:
        with self._state:
            lost, self._lost = self._lost, 0
        told = self._line(logging.LogRecord(__name__, logging.WARNING, "", 0, LOST, (lost,), None)) if lost else b""
        data = (b"\n" if self._is_torn else b"") + told + b"".join(lines)
        written = self._write_out(data)
        if written:
            self._is_torn = not data.endswith(b"\n", 0, written)
        left, unwritten = len(data) - written, 0
        for line in reversed(lines):
            if left > 0:
                unwritten += 1
                left -= len(line)
        with self._state:
            self._lost += unwritten + (lost if told and left > 0 else 0)

    def _write_out(self, data: bytes) -> int:
        """Write as much as is taken, however long that takes; returns how much that was."""
        written = 0
        while written < len(data):
            try:
                written += os.write(self._descriptor, data[written:])
            except BlockingIOError:  # somebody has said that writing to it must not wait
                select.select([], [self._descriptor], [])
            except OSError:  # nobody reads any more, or the disk is full: it is told when the next is written
                break
        return written
