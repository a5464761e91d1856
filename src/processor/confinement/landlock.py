"""Landlock: a process gives up the rights that it names, but for the places that it names.

Python has no functions for it and the C library neither, so the kernel is called by number (the same on all machines).
"""

import ctypes
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from pathlib import Path
from typing import Final

from processor.confinement.kernel import syscall

CREATE_RULESET: Final = 444
ADD_RULE: Final = 445
RESTRICT_SELF: Final = 446
ASK_VERSION: Final = 1
PATH_BENEATH: Final = 1


class Right(IntFlag):
    """What may be done with files; the bits of `LANDLOCK_ACCESS_FS_*`."""

    EXECUTE = 1 << 0
    WRITE_FILE = 1 << 1
    READ_FILE = 1 << 2
    READ_DIR = 1 << 3
    REMOVE_DIR = 1 << 4
    REMOVE_FILE = 1 << 5
    MAKE_CHAR = 1 << 6
    MAKE_DIR = 1 << 7
    MAKE_REG = 1 << 8
    MAKE_SOCK = 1 << 9
    MAKE_FIFO = 1 << 10
    MAKE_BLOCK = 1 << 11
    MAKE_SYM = 1 << 12
    REFER = 1 << 13
    TRUNCATE = 1 << 14
    IOCTL_DEV = 1 << 15


READ: Final = Right.READ_FILE | Right.READ_DIR
WRITE: Final = (
    READ
    | Right.WRITE_FILE
    | Right.TRUNCATE
    | Right.MAKE_REG
    | Right.MAKE_DIR
    | Right.MAKE_SYM
    | Right.REMOVE_FILE
    | Right.REMOVE_DIR
    | Right.REFER
)
OF_A_FILE: Final = Right.EXECUTE | Right.WRITE_FILE | Right.READ_FILE | Right.TRUNCATE | Right.IOCTL_DEV
# The rights that each version of the interface brought; those before stay.
FIRST: Final = Right.MAKE_SYM * 2 - 1
SINCE: Final = {2: Right.REFER, 3: Right.TRUNCATE, 5: Right.IOCTL_DEV}
TCP_SINCE: Final = 4
SCOPE_SINCE: Final = 6
BIND_AND_CONNECT_TCP: Final = 0b11
ABSTRACT_SOCKETS_AND_SIGNALS: Final = 0b11


class _Ruleset(ctypes.Structure):
    """`struct landlock_ruleset_attr`; an older kernel takes it as long as what it does not know is zero."""

    _fields_ = (("files", ctypes.c_uint64), ("net", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


@dataclass(frozen=True, slots=True)
class Place:
    """A file, or a folder with all below it, and what stays allowed there."""

    path: Path
    rights: Right

    @classmethod
    def of(cls, path: Path, rights: Right) -> "Place":
        """The place at `path`, which exists; a file has fewer rights to give than a folder."""
        return cls(path, rights if path.is_dir() else rights & OF_A_FILE)


# To move a file to another folder is the one right that any set of rules takes away unless it gives it.
EVERYWHERE: Final = (Place(Path("/"), Right.REFER),)


@cache
def version() -> int:
    """Of the kernel's Landlock; 0 where there is none, or where a container forbids it."""
    with suppress(OSError):
        return syscall(CREATE_RULESET, None, 0, ASK_VERSION)
    return 0


def restrict_files(places: Iterable[Place]) -> None:
    """Allow nothing with files but what `places` say; what is open already stays open.

    Raises:
        OSError: the kernel refused, or a place is gone.
    """
    _restrict(_Ruleset(known_rights(version()), 0, 0), places)


def restrict_tcp() -> None:
    """Allow no TCP port to be bound or connected to.

    Raises:
        OSError: the kernel refused, or is too old.
    """
    _restrict(_Ruleset(Right.REFER, BIND_AND_CONNECT_TCP, 0), EVERYWHERE)


def restrict_scope() -> None:
    """Allow no signal and no abstract socket to leave this process.

    Raises:
        OSError: the kernel refused, or is too old.
    """
    _restrict(_Ruleset(Right.REFER, 0, ABSTRACT_SOCKETS_AND_SIGNALS), EVERYWHERE)


def known_rights(version: int) -> Right:
    """The rights that a version can take away."""
    known = Right(FIRST)
    for since, right in SINCE.items():
        if version >= since:
            known |= right
    return known


def _restrict(attributes: _Ruleset, places: Iterable[Place]) -> None:
    ruleset = syscall(CREATE_RULESET, ctypes.byref(attributes), ctypes.sizeof(_Ruleset), 0)
    try:
        for place in places:
            _allow(ruleset, place, attributes.files)
        syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, place: Place, handled: int) -> None:
    parent = os.open(place.path, os.O_PATH | os.O_CLOEXEC)
    try:
        rule = _PathBeneath(place.rights & handled, parent)
        syscall(ADD_RULE, ruleset, PATH_BENEATH, ctypes.byref(rule), 0)
    finally:
        os.close(parent)
