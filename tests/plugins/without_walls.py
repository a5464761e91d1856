"""Becomes a command for which Landlock, or seccomp too, is forbidden, as in some containers.

`without_walls.py landlock,seccomp COMMAND...`
"""

import ctypes
import errno
import os
import platform
import sys

from processor.confinement import kernel
from processor.confinement.bpf import ALLOW, JUMP_IF_EQUAL, NUMBER, Test, fail, load, packed, program, verdict, when
from processor.confinement.seccomp import MACHINES, MODE_FILTER, call_numbers

REFUSED = fail(errno.EPERM)


def forbid(walls: list[str]) -> None:
    numbers = call_numbers(MACHINES[platform.machine()][1])
    code = [load(NUMBER)]
    if "landlock" in walls:
        code += when(JUMP_IF_EQUAL, numbers["landlock_create_ruleset"], [verdict(REFUSED)])
    if "seccomp" in walls:
        others = tuple(option for option in range(100) if option != kernel.PR_SET_SECCOMP)
        test = Test(argument=0, any_of=others).code(otherwise=REFUSED)
        code += when(JUMP_IF_EQUAL, numbers["prctl"], [*test, verdict(ALLOW)])
    code.append(verdict(ALLOW))
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program(packed(code))))


if __name__ == "__main__":
    forbid(sys.argv[1].split(","))
    os.execv(sys.argv[2], sys.argv[2:])
