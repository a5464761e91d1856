"""A TCP proxy that cuts each connection after so many bytes of the answer, as bad networks do."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(slots=True)
class CuttingProxy:
    """Where it listens, and how many connections it has cut."""

    upstream: str
    bytes_each: int
    url: str = ""
    cut: int = 0
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, to its cut or its end."""
        address = urlsplit(self.upstream)
        answers, requests = await asyncio.open_connection(address.hostname, address.port)
        self._writers |= {writer, requests}
        try:
            async with asyncio.TaskGroup() as group:
                upward = group.create_task(_copy(reader, requests))
                self.cut += await self._copy_answer(answers, writer)
                upward.cancel()
        finally:
            for each in (writer, requests):
                each.transport.abort()
                self._writers.discard(each)

    async def _copy_answer(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        left = self.bytes_each
        while left and (data := await answers.read(left)):
            writer.write(data)
            await writer.drain()
            left -= len(data)
        return left == 0


@asynccontextmanager
async def cutting_proxy(upstream: str, *, bytes_each: int) -> AsyncIterator[CuttingProxy]:
    """Stand on a port of its own before the server at `upstream`."""
    proxy = CuttingProxy(upstream=upstream, bytes_each=bytes_each)
    async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
        proxy.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield proxy


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
