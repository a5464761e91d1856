"""What the kernel does for connections that nobody looks at any more."""

import socket

import pytest

from gateway.server import UNTAKEN_S, _kept_alive


def test_connections_inherit_that_who_takes_nothing_is_let_go() -> None:
    with (
        _kept_alive(socket.create_server(("127.0.0.1", 0))) as listening,
        socket.create_connection(listening.getsockname()),
        listening.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 1000 * UNTAKEN_S


def test_the_kernel_lets_go_of_a_client_that_takes_nothing() -> None:
    """The same with a shorter time: without it the closed end stays as long as the client likes."""
    with _kept_alive(socket.create_server(("127.0.0.1", 0))) as listening:
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 500)
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(listening.getsockname())
            with listening.accept()[0] as accepted:
                accepted.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
                with pytest.raises(TimeoutError):
                    accepted.sendall(b"x" * (1 << 24))  # more than the buffers of both ends
