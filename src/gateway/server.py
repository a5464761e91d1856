"""uvicorn, run from inside: our own signals, our own socket, and an end that is bounded."""

import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

import anyio
import uvicorn
from starlette.types import ASGIApp

from common.errors import ConfigurationError
from gateway.protocol import Config
from gateway.settings import GatewaySettings

log = logging.getLogger(__name__)

BACKLOG: Final = 2048
KEEPALIVE_IDLE_S: Final = 60
UNTAKEN_S: Final = 120  # a download that is paused for longer goes on by a Range

Drain = Callable[[], Awaitable[None]]


class Server(uvicorn.Server):
    """Serves until SIGTERM or SIGINT; then `drain` is awaited, and only then uvicorn waits for its connections.

    That order matters: uvicorn tells the application that it stops only after the last connection has ended, and a
    stream does not end before it is told. Before the streams are told no connection is taken any more, and those that
    are open close after their answer: whoever comes back finds another gateway, or waits, and is not refused by this
    one. (A browser's EventSource that is refused never tries again.)
    """

    _is_stopping = False

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
                    if self._is_stopping:
                        self.should_exit = self.force_exit = True  # asked twice: do not wait for anybody
                    log.info("stopping on %s", signal.Signals(number).name)
                    group.start_soon(self.stop, drain)

    async def stop(self, drain: Drain) -> None:
        """End in order: no new connections, the streams, then the rest."""
        self._is_stopping = True
        try:
            for server in getattr(self, "servers", ()):
                server.close()
            for connection in list(self.server_state.connections):
                connection.shutdown()
            with anyio.move_on_after(self.config.timeout_graceful_shutdown):
                await drain()
        finally:
            self.should_exit = True


def build_server(app: ASGIApp, *, settings: GatewaySettings) -> Server:
    """A server of this application that is not yet running."""
    return Server(Config(app, settings=settings))


def listening_socket(settings: GatewaySettings) -> socket.socket:
    """The socket to serve on: the inherited one, or a new one.

    Raises:
        ConfigurationError: the address cannot be listened on.
    """
    try:
        if settings.socket_fd is not None:
            return _kept_alive(socket.socket(fileno=settings.socket_fd))
        family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
        address = (settings.host.strip("[]"), settings.port)
        return _kept_alive(socket.create_server(address, family=family, backlog=BACKLOG))
    except OSError as error:
        raise ConfigurationError(
            f"The gateway cannot listen on {settings.host}:{settings.port}: {error.strerror}.",
            advice="Is something else running there? Choose another SUNDOG_GATEWAY_PORT.",
        ) from error


def _kept_alive(listening: socket.socket) -> socket.socket:
    """Its connections inherit this: a client that vanishes without a word is found out by the kernel.

    So is one that stays and takes nothing, also when its answer has ended here and only the kernel still holds the last
    bytes of it: nobody else looks at it any more.
    """
    if listening.family in {socket.AF_INET, socket.AF_INET6}:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1000 * UNTAKEN_S)
    return listening
