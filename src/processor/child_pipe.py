"""The supervisor's end of a child's pipe: it takes bytes as they come and gives whole messages out.

What is read ahead is bounded: past `READ_AHEAD_BYTES`, or the message that is waited for if that is longer, the pipe is
left alone until somebody takes a message, so that a child which tells too much waits. And so is the time that goes into
taking: past `MESSAGES_AT_ONCE` within `WINDOW_S` the next one waits for the end of that, so that a child which tells
without end takes a few hundredths of the supervisor, and the others have their turn.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from typing import Final, Self, cast

from processor import protocol

READ_AHEAD_BYTES = 1 << 18
MESSAGES_AT_ONCE: Final = 256
WINDOW_S: Final = 0.05
UNREAD = struct.Struct("i")


class PipeClosedError(Exception):
    """A child closed its end of the pipe, most likely by ending."""


class ChildPipe(asyncio.Protocol):
    """Messages from and to one child; one task at a time may wait for a message."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._data = bytearray()
        self._transport: asyncio.Transport | None = None
        self._moved: asyncio.Future[None] | None = None
        self._is_paused = False
        self._is_closed = False
        self._taken = 0  # within the present window
        self._window_ends = 0.0

    async def open(self) -> Self:
        """Begin to read."""
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=self._end)
        return self

    def close(self) -> None:
        """Close our end, now; what was not sent yet is dropped. Harmless if it was never opened, or is closed."""
        self._is_closed = True
        if self._transport is None:
            self._end.close()
        else:
            self._transport.abort()

    def send(self, message: bytes) -> None:
        """Send an encoded message.

        Raises:
            PipeClosedError: nobody would read it.
        """
        if self._is_closed or self._transport is None:
            raise PipeClosedError
        self._transport.write(message)

    async def receive(self) -> tuple[int, bytes]:
        """The number of the job that the next message is about, and its body.

        Raises:
            ProtocolError: it is too long to be one.
            PipeClosedError: there is none, and none will come.
        """
        await self._wait_for_window()
        while (message := self._take()) is None:
            if self._is_closed:
                raise PipeClosedError
            self._moved = asyncio.get_running_loop().create_future()
            try:
                await self._moved
            finally:
                self._moved = None
        return message

    async def _wait_for_window(self) -> None:
        self._taken += 1
        if self._taken > MESSAGES_AT_ONCE:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(self._window_ends - loop.time(), 0))
            self._taken, self._window_ends = 1, loop.time() + WINDOW_S

    def has_unread(self) -> bool:
        """Whether the other side has not taken all that was sent to it."""
        if self._transport is None or self._is_closed:
            return False
        unread = fcntl.ioctl(self._end, termios.TIOCOUTQ, bytes(UNREAD.size))
        return self._transport.get_write_buffer_size() > 0 or UNREAD.unpack(unread)[0] > 0

    def is_silent(self) -> bool:
        """Whether it is open and the other side has said nothing that was not taken."""
        if self._data or self._is_closed:
            return False
        try:
            self._end.recv(1, socket.MSG_PEEK)  # what the loop has not looked at yet
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def _take(self) -> tuple[int, bytes] | None:
        begin = protocol.HEADER.size
        if len(self._data) < begin:
            return None
        header = protocol.read_header(self._data[:begin])
        end = begin + header.length
        if len(self._data) < end:
            return None
        body = bytes(self._data[begin:end])
        del self._data[:end]
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
        return header.job, body

    def _has_read_ahead(self) -> bool:
        """Whether there is a whole message and no need of more; one that is too long is never read to its end."""
        if len(self._data) < READ_AHEAD_BYTES:
            return False
        begin = protocol.HEADER.size
        try:
            return len(self._data) >= begin + protocol.read_header(self._data[:begin]).length
        except protocol.ProtocolError:
            return True

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The loop reads from now on."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def data_received(self, data: bytes) -> None:
        """Keep it, and wake whoever waits for a message."""
        self._data += data
        if self._has_read_ahead() and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
        self._wake()

    def connection_lost(self, _error: Exception | None) -> None:
        """Either side closed it; messages that came before can still be taken."""
        self._is_closed = True
        self._wake()

    def _wake(self) -> None:
        if self._moved is not None and not self._moved.done():
            self._moved.set_result(None)
