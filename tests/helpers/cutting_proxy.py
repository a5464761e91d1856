"""A TCP proxy that cuts each event stream after so many events, as bad networks do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

import anyio
from anyio.abc import SocketAttribute, SocketStream

HEAD_END: Final = b"\r\n\r\n"
SEPARATORS: Final = (b"\r\n\r\n", b"\n\n")


class CuttingProxy:
    """Forwards bytes; of each answer so many events, and then a few bytes more, before it cuts the connection."""

    def __init__(self, upstream: str, *, events: int, bytes_more: int) -> None:
        address = urlsplit(upstream)
        assert address.hostname is not None
        assert address.port is not None
        self._upstream = (address.hostname, address.port)
        self._events = events
        self._bytes_more = bytes_more
        self.url = ""
        self.cut = 0

    async def serve(self, client: SocketStream) -> None:
        """One connection, to its cut or its end."""
        async with client, await anyio.connect_tcp(*self._upstream) as server, anyio.create_task_group() as group:
            group.start_soon(self._copy_requests, client, server, group.cancel_scope)
            await self._copy_answer(server, client)
            group.cancel_scope.cancel()

    async def _copy_requests(self, client: SocketStream, server: SocketStream, scope: anyio.CancelScope) -> None:
        try:
            async for data in client:
                await server.send(data)
        except anyio.BrokenResourceError:
            pass
        scope.cancel()

    async def _copy_answer(self, server: SocketStream, client: SocketStream) -> None:
        answer, sent = b"", 0
        async for data in server:
            answer += data
            end = self._cut_at(answer)
            await client.send(answer[sent:end])
            sent = len(answer)
            if end is not None and end <= len(answer):
                self.cut += 1
                return

    def _cut_at(self, answer: bytes) -> int | None:
        """Where to cut; None while that is not known yet."""
        if HEAD_END not in answer:
            return None
        end = answer.index(HEAD_END) + len(HEAD_END)
        for _ in range(self._events):
            ends = [where + len(each) for each in SEPARATORS if (where := answer.find(each, end)) >= 0]
            if not ends:
                return None
            end = min(ends)
        return end + self._bytes_more


@asynccontextmanager
async def cutting_proxy(upstream: str, *, events: int, bytes_more: int) -> AsyncIterator[CuttingProxy]:
    """Stand on a port of its own before the server at `upstream`."""
    proxy = CuttingProxy(upstream, events=events, bytes_more=bytes_more)
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as group:
        group.start_soon(listener.serve, proxy.serve)
        proxy.url = f"http://127.0.0.1:{listener.extra(SocketAttribute.local_port)}"
        yield proxy
        group.cancel_scope.cancel()
