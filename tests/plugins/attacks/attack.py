"""What an attack is: something that a child tries, which must end in an error of the kernel's."""

import ctypes
import errno
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from processor.confinement import kernel
from processor.confinement.seccomp import MACHINES, call_numbers

NUMBERS = call_numbers(MACHINES[platform.machine()][1])


@dataclass(frozen=True, kw_only=True)
class Target:
    """What there is to attack.

    Attributes:
        scratch: the attacker's own; it may write there.
        given: the attacker's own input; it may read it.
        outside: a folder that is not the attacker's, with a file `secret`.
        hidden: files and folders that it must not read: the storage, another task's input, the processor's folder.
        victim: a process of the same user.
        supervisor: the processor.
        port: one that somebody listens at.
        socket: one in the file system that somebody listens at.
    """

    scratch: Path
    given: Path
    outside: Path
    hidden: list[Path]
    victim: int
    supervisor: int
    port: int
    socket: str

    @classmethod
    def of(cls, told: dict[str, Any], *, scratch: Path, given: Path) -> "Target":
        return cls(
            scratch=scratch,
            given=given,
            outside=Path(told["outside"]),
            hidden=[Path(path) for path in told["hidden"]],
            victim=told["victim"],
            supervisor=told["supervisor"],
            port=told["port"],
            socket=told["socket"],
        )


Attack = Callable[[Target], object]
Attacks = dict[str, Attack]


def call(name: str, *arguments: Any) -> int:
    """A call of the kernel by its name."""
    return kernel.syscall(NUMBERS[name], *arguments)


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def buffer(size: int = 4096) -> Any:
    return ctypes.create_string_buffer(size)


def answer(attack: Attack, target: Target) -> str:
    """How it ended: the name of the error, or what it got."""
    try:
        got = attack(target)
    except OSError as error:
        if error.errno is None or error.errno < 0:
            return type(error).__name__
        return errno.errorcode.get(error.errno, str(error.errno))
    except ValueError as error:  # Python's word for EPERM of setrlimit
        if "not allowed" in str(error):
            return "EPERM"
        raise
    return f"got through: {str(got)[:80]}"


def run_attacks(attacks: Attacks, target: Target) -> dict[str, str]:
    """Each, one after the other, from inside scratch."""
    os.chdir(target.scratch)
    return {name: answer(attack, target) for name, attack in attacks.items()}
