"""The calls to the kernel that Python has no function for."""

import ctypes
import os
from typing import Any, Final

PR_SET_PDEATHSIG: Final = 1
PR_GET_DUMPABLE: Final = 3
PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
PR_SET_NO_NEW_PRIVS: Final = 38
PR_GET_NO_NEW_PRIVS: Final = 39
CAPABILITY_VERSION_3: Final = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


class CapabilityHeader(ctypes.Structure):
    """`struct __user_cap_header_struct`."""

    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class CapabilitySet(ctypes.Structure):
    """`struct __user_cap_data_struct`; the kernel takes two, for 64 capabilities."""

    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def prctl(option: int, *arguments: Any) -> int:
    """`prctl(2)`, with the arguments that are missing as zeros.

    Raises:
        OSError: the kernel refused.
    """
    padded = [*arguments, *[0] * (4 - len(arguments))]
    given = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in padded]
    return checked(_libc.prctl(option, *given))


def syscall(number: int, *arguments: Any) -> int:
    """`syscall(2)`.

    Raises:
        OSError: the kernel refused, or does not know the call.
    """
    given = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    return checked(_libc.syscall(ctypes.c_long(number), *given))


def capabilities() -> "ctypes.Array[CapabilitySet]":
    """What this process has."""
    header, data = CapabilityHeader(CAPABILITY_VERSION_3, 0), (CapabilitySet * 2)()
    checked(_libc.capget(ctypes.byref(header), data))
    return data


def drop_capabilities() -> None:
    """Give up all of them; without CAP_SETPCAP there is no way back.

    Raises:
        OSError: the kernel refused.
    """
    header, none = CapabilityHeader(CAPABILITY_VERSION_3, 0), (CapabilitySet * 2)()
    checked(_libc.capset(ctypes.byref(header), none))


def checked(returned: int) -> int:
    """What a function of libc returned, unless it was -1."""
    if returned == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return returned
