"""Attacks by socket: every way to talk to somebody that was not given."""

import array
import os
import socket
from collections.abc import Callable

from plugins.attacks.attack import Attacks, Target, buffer, call

NETLINK = 16
PACKET = 17
VSOCK = 40


def make(family: int, kind: int, number: int = 0) -> Callable[[Target], object]:
    def attack(_target: Target) -> str:
        with socket.socket(family, kind, number) as made:
            return str(made)

    return attack


def connect_to_port(target: Target) -> str:
    with socket.create_connection(("127.0.0.1", target.port), timeout=5) as connected:
        return str(connected)


def listen_at_port(_target: Target) -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return str(listening)


def connect_to_path(target: Target) -> str:
    with socket.socket(socket.AF_UNIX) as connecting:
        connecting.connect(target.socket)
        return str(connecting)


def send_to_path(target: Target) -> int:
    """A datagram socket that was not made by `socket`, with an address on each message."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with ours, theirs:
        return ours.sendto(b"x", target.socket + ".datagrams")


def listen_at_abstract_name(_target: Target) -> str:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"\0attack-{os.getpid()}")
        return str(listening)


def connect_to_abstract_name(target: Target) -> str:
    with socket.socket(socket.AF_UNIX) as connecting:
        connecting.connect(f"\0victim-{target.victim}")
        return str(connecting)


def look_up_a_name(_target: Target) -> object:
    return socket.getaddrinfo("localhost", 80)


def send_descriptor(_target: Target) -> int:
    """Descriptors in flight count for the user, whose services then cannot send any."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        return ours.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])


def filter_own_socket(_target: Target) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)


SOCKETS: Attacks = {
    "TCP": make(socket.AF_INET, socket.SOCK_STREAM),
    "TCP over IPv6": make(socket.AF_INET6, socket.SOCK_STREAM),
    "UDP": make(socket.AF_INET, socket.SOCK_DGRAM),
    "unix": make(socket.AF_UNIX, socket.SOCK_STREAM),
    "netlink": make(NETLINK, socket.SOCK_RAW),
    "raw": make(socket.AF_INET, socket.SOCK_RAW, 1),
    "packet": make(PACKET, socket.SOCK_RAW),
    "connect to a port": connect_to_port,
    "listen at a port": listen_at_port,
    "connect to a path": connect_to_path,
    "send to a path": send_to_path,
    "listen at an abstract name": listen_at_abstract_name,
    "connect to an abstract name": connect_to_abstract_name,
    "look up a name": look_up_a_name,
    "send a descriptor": send_descriptor,
    "change a socket": filter_own_socket,
    "ring": lambda _: os.close(call("io_uring_setup", 4, buffer(256))),
}
