"""One HTTP connection with nothing between it and the clock."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self

EVENT = b"event: "
END_OF_BODY = b"0\r\n"


class HttpConnection:
    """Asks one thing after the other over one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> Self:
        """A connection to a port of this machine."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, limit=16 << 20))

    def close(self) -> None:
        """End it."""
        self._writer.close()

    async def post(
        self, path: str, body: Mapping[str, object] | None, *, wait_s: int = 0, key: str | None = None
    ) -> Mapping[str, Any]:
        """The answer to a JSON body.

        Args:
            path: of the route.
            body: the JSON value; None: nothing is sent.
            wait_s: how long it may wait for the end of a task.
            key: the request's Idempotency-Key.
        """
        data = b"" if body is None else json.dumps(body).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\n"
        if body is not None:
            head += "content-type: application/json\r\n"
        if wait_s:
            head += f"prefer: wait={wait_s}\r\n"
        if key is not None:
            head += f"idempotency-key: {key}\r\n"
        self._writer.write(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)
        return await self._json()

    async def get(self, path: str) -> Mapping[str, Any]:
        """A JSON answer."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
        return await self._json()

    async def _json(self) -> Mapping[str, Any]:
        length = (await self._head()).partition(b"content-length: ")[2].partition(b"\r\n")[0]
        answer: Mapping[str, Any] = json.loads(await self._reader.readexactly(int(length)))
        return answer

    async def events(self, path: str) -> AsyncIterator[tuple[str, float]]:
        """The names of the events of a stream and when each came, by `time.perf_counter`, to its end."""
        self._writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n".encode())
        await self._head()
        while (line := await self._reader.readline()) != END_OF_BODY:
            assert line, "the stream broke"
            if line.startswith(EVENT):
                yield line.removeprefix(EVENT).strip().decode(), time.perf_counter()
        await self._reader.readline()

    async def _head(self) -> bytes:
        head = await self._reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 2"), head
        return head
