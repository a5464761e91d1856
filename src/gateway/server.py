"""uvicorn, run from inside: our own signals, bounded heads of requests, and a bounded end."""

import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final

import anyio
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from common.errors import ConfigurationError
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

BACKLOG: Final = 2048

Drain = Callable[[], Awaitable[None]]


class Server(uvicorn.Server):
    """Serves until SIGTERM or SIGINT; then `drain` is awaited, and only then uvicorn waits for its connections.

    That order matters: uvicorn tells the application that it stops only after the last connection has ended, and a
    stream does not end before it is told.
    """

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them to `serve_until_signal`: uvicorn would raise each again at its end, in the middle of ours."""
        yield

    async def serve_until_signal(self, *, listening: socket.socket, drain: Drain) -> None:
        """Serve on this socket until told to stop, and return when all connections have ended."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch_signals, drain)
            await self.serve(sockets=[listening])
            group.cancel_scope.cancel()

    async def _watch_signals(self, drain: Drain) -> None:
        with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
            async with anyio.create_task_group() as group:
                async for number in signals:
                    if self.should_exit:
                        self.force_exit = True  # asked twice: do not wait for anybody
                    log.info("stopping on %s", signal.Signals(number).name)
                    group.start_soon(self._stop, drain)

    async def _stop(self, drain: Drain) -> None:
        try:
            with anyio.move_on_after(self.config.timeout_graceful_shutdown):
                await drain()
        finally:
            self.should_exit = True


def build_server(app: ASGIApp, *, settings: GatewaySettings) -> Server:
    """A server of this application that is not yet running."""
    config = uvicorn.Config(
        app,
        loop="none",  # whoever calls us runs it
        http=bounded_heads(limit=settings.head_limit_bytes, timeout_s=settings.head_timeout_s),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=settings.shutdown_s,
    )
    return Server(config)


def listening_socket(settings: GatewaySettings) -> socket.socket:
    """The socket to serve on: the inherited one, or a new one.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    try:
        if settings.socket_fd is not None:
            return socket.socket(fileno=settings.socket_fd)
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        return socket.create_server((settings.host.strip("[]"), settings.port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise ConfigurationError(
            f"The gateway cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
            advice="Is something else running there? Choose another SUNDOG_GATEWAY_PORT.",
        ) from error


def bounded_heads(*, limit: int, timeout_s: float) -> type[HttpToolsProtocol]:
    """Uvicorn's protocol, with the bounds of size and time on a request's head that it lacks."""

    class BoundedHeads(HttpToolsProtocol):
        _head_bytes = 0
        _in_head = True

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._slow = self.loop.call_later(timeout_s, self._close_slow)

        def connection_lost(self, exc: Exception | None) -> None:
            self._slow.cancel()
            super().connection_lost(exc)

        def on_message_begin(self) -> None:
            self._in_head = True
            self._head_bytes = 0
            super().on_message_begin()

        def on_headers_complete(self) -> None:
            self._in_head = False
            self._slow.cancel()
            super().on_headers_complete()

        def data_received(self, data: bytes) -> None:
            if self._in_head:
                self._head_bytes += len(data)
            super().data_received(data)
            if self._in_head and self._head_bytes > limit and not self.transport.is_closing():
                self.transport.write(HEAD_TOO_LARGE)
                self.transport.close()

        def _close_slow(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

    return BoundedHeads


_TOO_LARGE_BODY: Final = (
    b'{"type":"urn:sundog:problem:head_too_large","title":"The headers are too large","status":431,'
    b'"code":"head_too_large","detail":"The request\'s line and headers have too many bytes.","advice":"Send fewer."}'
)
HEAD_TOO_LARGE: Final = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
    b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(_TOO_LARGE_BODY)
) + _TOO_LARGE_BODY
