"""A small HTTP/1.1 client on bare sockets, for what a connection does: its framing, its end, its pace, its death.

It is strict: an answer that breaks a rule of RFC 9112 fails the test. Nothing is read that was not asked for, so a
client that does not read fills no more than the kernel's buffer. Every wait is bounded.
"""

import asyncio
import json
import re
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Self
from urllib.parse import urlsplit

WITHIN_S: Final = 30.0
READ_BYTES: Final = 64 << 10
LONGEST_HEAD: Final = 64 << 10
STATUS: Final = re.compile(rb"HTTP/1\.1 ([0-9]{3}) [ -~]*")
HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9a-z-]+): ([\t -~]*)")
CHUNK: Final = re.compile(rb"[0-9a-f]{1,8}")


class CutError(Exception):
    """The connection ended before the answer had."""


class FramingError(AssertionError):
    """The answer breaks a rule of HTTP/1.1."""


@dataclass(slots=True)
class Connection:
    """One connection to a server."""

    sock: socket.socket
    host: str
    received: bytearray = field(default_factory=bytearray)

    @classmethod
    async def open(cls, url: str, *, receive_buffer: int | None = None) -> Self:
        """Connect.

        Args:
            url: of the server.
            receive_buffer: bytes that the kernel keeps for us at most, about.
        """
        address = urlsplit(url)
        assert address.hostname is not None
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            sock.settimeout(0)
            if receive_buffer is not None:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            async with asyncio.timeout(WITHIN_S):
                await asyncio.get_running_loop().sock_connect(sock, (address.hostname, address.port or 80))
        except BaseException:
            sock.close()
            raise
        return cls(sock=sock, host=address.netloc)

    async def send(self, data: bytes) -> None:
        """Send all of it."""
        async with asyncio.timeout(WITHIN_S):
            await asyncio.get_running_loop().sock_sendall(self.sock, data)

    async def request(
        self, path: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: Any = None
    ) -> None:
        """Send a request; a `body` that is not bytes is sent as JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        fields = {"host": self.host, **(headers or {})}
        if body is not None:
            fields = {"content-type": "application/json", "content-length": str(len(data)), **fields}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        await self.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + data)

    async def answer(self, *, method: str = "GET") -> "Answer":
        """The head of the next answer; its body is read from it.

        Raises:
            CutError: the connection ended before.
        """
        while b"\r\n\r\n" not in self.received:
            assert len(self.received) < LONGEST_HEAD
            await self.more()
        head, _, rest = bytes(self.received).partition(b"\r\n\r\n")
        self.received[:] = rest
        return Answer.of(head, connection=self, method=method)

    async def get(self, path: str, **headers: str) -> "Answer":
        """Ask, and read the head of the answer; a header's name is written with underscores."""
        await self.request(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        return await self.answer()

    async def more(self) -> None:
        """Read what comes next.

        Raises:
            CutError: nothing more comes.
        """
        if not await self.read():
            raise CutError(f"after {bytes(self.received)[-200:]!r}")

    async def read(self) -> bool:
        """Read what comes next; False if nothing more comes."""
        async with asyncio.timeout(WITHIN_S):
            try:
                data = await asyncio.get_running_loop().sock_recv(self.sock, READ_BYTES)
            except ConnectionError:
                data = b""
        self.received += data
        return bool(data)

    async def line(self) -> bytes:
        """The next line, without its end."""
        while b"\r\n" not in self.received:
            await self.more()
        line, _, rest = bytes(self.received).partition(b"\r\n")
        self.received[:] = rest
        return line

    async def exactly(self, count: int) -> bytes:
        """So many bytes."""
        while len(self.received) < count:
            await self.more()
        data = bytes(self.received[:count])
        del self.received[:count]
        return data

    async def is_closed_by_server(self) -> bool:
        """Whether nothing came any more but the end of the connection."""
        return not self.received and not await self.read()

    def close(self) -> None:
        """Close it in order."""
        self.sock.close()

    def reset(self) -> None:
        """Close it with an RST, as a host that has lost its state does."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


@dataclass(slots=True)
class Answer:
    """An answer whose body is still to be read.

    Attributes:
        is_over: its body ended as HTTP says.
    """

    status: int
    headers: dict[str, str]
    connection: Connection
    is_over: bool = False
    _left: int | None = None

    @classmethod
    def of(cls, head: bytes, *, connection: Connection, method: str) -> Self:
        """Parse a head strictly."""
        status_line, *lines = head.split(b"\r\n")
        status = STATUS.fullmatch(status_line)
        found = [HEADER.fullmatch(line) for line in lines]
        if status is None or None in found:
            raise FramingError(repr(head))
        pairs = [(each[1].decode(), each[2].decode()) for each in found if each is not None]
        headers = dict(pairs)
        if len(headers) != len(pairs):
            raise FramingError(f"a header came twice: {head!r}")
        answer = cls(status=int(status[1]), headers=headers, connection=connection)
        bodiless = method == "HEAD" or answer.status in {204, 304}
        if bodiless:
            answer.is_over = True
        elif "content-length" in headers:
            answer._left = int(headers["content-length"])
        elif headers.get("transfer-encoding") != "chunked":
            raise FramingError(f"neither a length nor chunks: {head!r}")
        return answer

    async def read(self) -> bytes:
        """The next piece of the body; empty at its end.

        Raises:
            CutError: the connection ended before the body had.
        """
        if self.is_over:
            return b""
        if self._left is not None:
            data = await self.connection.exactly(self._left)
            self.is_over = True
            return data
        size = await self.connection.line()
        if not CHUNK.fullmatch(size):
            raise FramingError(f"no chunk's size: {size!r}")
        data = await self.connection.exactly(int(size, 16))
        if await self.connection.line():
            raise FramingError("a chunk is longer than it says")
        self.is_over = not data
        return data

    async def body(self) -> bytes:
        """All that is left of the body."""
        pieces = []
        while not self.is_over:
            pieces.append(await self.read())
        return b"".join(pieces)

    async def json(self) -> Any:
        """The body as JSON."""
        return json.loads(await self.body())


@asynccontextmanager
async def connected_to(url: str, *, receive_buffer: int | None = None) -> AsyncIterator[Connection]:
    """A connection that is closed afterwards."""
    connection = await Connection.open(url, receive_buffer=receive_buffer)
    try:
        yield connection
    finally:
        connection.close()
