"""The gateway's listening socket: ours, so that a gateway that dies loses no caller who knocks meanwhile."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from common.errors import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """A socket that listens, and where."""

    descriptor: int
    host: str
    port: int

    @property
    def url(self) -> str:
        """For a browser."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"


@contextmanager
def listening(host: str, port: int) -> Iterator[Listening]:
    """Listen on `host`; port 0 takes any free one.

    Raises:
        ConfigurationError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigurationError(
                f"Port {port} of {host} is in use.", advice="Choose another with --port; 0 takes any that is free."
            ) from error
        raise ConfigurationError(f"Cannot listen on {host}, port {port}: {error.strerror}.") from error
    with listener:
        yield Listening(descriptor=listener.fileno(), host=host, port=listener.getsockname()[1])
