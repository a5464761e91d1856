"""Finds the walls that stand on this machine: a throw-away child builds each and then tries to get through it."""

import json
import logging
import os
import resource
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from processor.confinement import kernel
from processor.confinement.enclosure import Enclosure
from processor.confinement.wall import Wall

log = logging.getLogger(__name__)


def standing_walls(enclosure: Enclosure) -> tuple[Wall, ...]:
    """The walls that this machine can build and that hold, in the order in which they are built."""
    with TemporaryDirectory() as folder:
        for name in ("inputs", "scratch"):
            Path(folder, name).mkdir()
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            _try_all(enclosure, folder=Path(folder), answer=writer)
        os.close(writer)
        with open(reader, "rb") as answer:  # noqa: PTH123 - a descriptor
            told = answer.read()
        os.waitpid(pid, 0)
    return tuple(Wall(name) for name in json.loads(told or b"[]"))


def _try_all(enclosure: Enclosure, *, folder: Path, answer: int) -> None:
    """Runs in the throw-away child, and never returns."""
    try:
        os.write(answer, json.dumps([wall for wall in Wall if _stands(wall, enclosure, folder=folder)]).encode())
    finally:
        os._exit(0)


def _stands(wall: Wall, enclosure: Enclosure, *, folder: Path) -> bool:
    try:
        enclosure.build(wall, folder=folder)
    except (OSError, ValueError) as error:
        log.info("no %s here: %s", wall, error)
        return False
    return HOLDS[wall]()


def _is_refused(attempt: Callable[[], object]) -> bool:
    """Whether it is not allowed; that it fails in another way proves nothing."""
    try:
        attempt()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def _keeps_limits() -> bool:
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.RLIM_INFINITY))
    except ValueError:  # what Python makes of EPERM here
        return True
    return False


def _bind_tcp() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as each:
        each.bind(("127.0.0.1", 0))


def _make_datagram_sockets() -> None:
    for each in socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM):
        each.close()


# Tried in the order in which the walls are built, so that no other wall is in the way of an attempt.
HOLDS: Final[Mapping[Wall, Callable[[], bool]]] = {
    Wall.NO_NEW_PRIVS: lambda: kernel.prctl(kernel.PR_GET_NO_NEW_PRIVS) == 1,
    Wall.NO_CAPABILITIES: lambda: not any(each.permitted for each in kernel.capabilities()),
    Wall.NO_DUMP: lambda: kernel.prctl(kernel.PR_GET_DUMPABLE) == 0,
    Wall.RLIMITS: _keeps_limits,
    Wall.LANDLOCK: lambda: _is_refused(lambda: os.scandir("/").close()),
    Wall.LANDLOCK_NET: lambda: _is_refused(_bind_tcp),
    Wall.LANDLOCK_SCOPE: lambda: _is_refused(lambda: os.kill(os.getppid(), 0)),
    Wall.SECCOMP: lambda: _is_refused(_make_datagram_sockets),
}
