"""seccomp: a filter of ours that the kernel asks before every call of a child.

Every call is allowed that acts on the process itself or on files that Landlock judges; what reaches further is refused
with EPERM, which reads as what it is; for some it depends on their arguments. Calls newer than this list get ENOSYS,
as on a kernel that does not have them: so the list has an end, and nothing becomes allowed by an update of the kernel.

The kernel remembers which calls are always allowed, and does not run the filter for those.
"""

import ctypes
import errno
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from processor.confinement.bpf import (
    ALLOW,
    JUMP_IF_EQUAL,
    JUMP_IF_GREATER_OR_EQUAL,
    MACHINE,
    NUMBER,
    Instruction,
    Test,
    fail,
    load,
    packed,
    program,
    verdict,
    when,
)
from processor.confinement.kernel import PR_SET_SECCOMP, prctl

MODE_FILTER: Final = 2
NEWEST_CALL: Final = 469  # file_setattr, Linux 6.17
CLONE3: Final = 435
# platform.machine() → (AUDIT_ARCH_*, its column in calls.txt)
MACHINES: Final = {"x86_64": (0xC000003E, 1), "aarch64": (0xC00000B7, 2)}

REFUSED: Final = fail(errno.EPERM)
UNKNOWN: Final = fail(errno.ENOSYS)
PRETENDED: Final = fail(0)

CLONE_THREAD: Final = 0x10000
CLONE_NEW_ANY: Final = 0x7E020000  # a namespace of its own
SOCK_STREAM: Final = 1
SOCK_TYPE_MASK: Final = 0xF
MAP_KIND: Final = 0x2F  # MAP_TYPE and MAP_ANONYMOUS
MAP_OF_FILE: Final = (0x01, 0x02, 0x03)
MAP_ANONYMOUS: Final = (0x22, 0x28)  # private, droppable
PRCTL_READS: Final = (3, 16, 21, 23, 39, 42)  # GET_DUMPABLE, _NAME, _SECCOMP, CAPBSET_READ, _NO_NEW_PRIVS, _THP_DISABLE
PRCTL_NAMES: Final = (15, 0x53564D41)  # SET_NAME of a thread, SET_VMA of memory
PRCTL_THP_DISABLE: Final = (41,)
FCNTL_PLAIN: Final = tuple(range(8))  # F_DUPFD to F_SETLKW
FCNTL_LOCKS: Final = (36, 37, 38)  # F_OFD_*
FCNTL_ASKS: Final = (1027, 1028, 1030, 1032, 1034)  # DUPFD_QUERY, CREATED_QUERY, DUPFD_CLOEXEC, GETPIPE_SZ, GET_SEALS
IOCTL_OF_TERMINALS: Final = (0x5401, 0x802C542A, 0x5413)  # TCGETS, TCGETS2, TIOCGWINSZ: what isatty asks
IOCTL_OF_FILES: Final = (0x541B, 0x5421, 0x5450, 0x5451, 0x40049409)  # FIONREAD, FIONBIO, FIONCLEX, FIOCLEX, FICLONE

# Calls that are allowed if all their tests hold; those that are made most come first.
LOOKED_AT: Final[Mapping[str, Sequence[Test]]] = {
    # Shared memory without a file can be filled and unmapped; then it is in no count of resident memory.
    "mmap": [Test(argument=3, mask=MAP_KIND, any_of=(*MAP_OF_FILE, *MAP_ANONYMOUS))],
    # Not F_SETOWN, which sends signals to others, and not F_SETLEASE, which holds up other readers of a file.
    "fcntl": [Test(argument=1, any_of=(*FCNTL_PLAIN, *FCNTL_LOCKS, *FCNTL_ASKS))],
    "ioctl": [Test(argument=1, any_of=(*IOCTL_OF_TERMINALS, *IOCTL_OF_FILES))],
    # Not PDEATHSIG: a child ends with the fork server.
    "prctl": [Test(argument=0, any_of=(*PRCTL_READS, *PRCTL_NAMES, *PRCTL_THP_DISABLE))],
    # Threads, no processes, no namespaces.
    "clone": [Test(argument=0, mask=CLONE_THREAD | CLONE_NEW_ANY, any_of=(CLONE_THREAD,))],
    # The pipe needs no address; a datagram socket could name any other.
    "sendto": [Test(argument=4, any_of=(0,), high=True)],
    "socketpair": [Test(argument=1, mask=SOCK_TYPE_MASK, any_of=(SOCK_STREAM,))],
    # To look at limits, not to set them: those of other processes could be set as well.
    "prlimit64": [Test(argument=2, any_of=(0,), high=True)],
    # Itself (0), which can only become slower.
    "setpriority": [Test(argument=0, any_of=(0,)), Test(argument=1, any_of=(0,))],
    # To ask.
    "personality": [Test(argument=0, any_of=(0xFFFFFFFF,))],
}
TO_ITSELF: Final = ("kill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo")
NOT_DONE: Final = ("chmod", "fchmod", "fchmodat", "fchmodat2")


@dataclass(frozen=True, slots=True)
class Filter:
    """The filter of a machine; all that does not depend on the process is made before there is one.

    Attributes:
        before: code that runs before what a process may do to itself.
        behind: code that runs behind it.
        to_itself: the numbers of the calls that a process may make with itself as the first argument.
    """

    before: bytes
    behind: bytes
    to_itself: tuple[int, ...]

    @classmethod
    def of(cls, machine: str) -> "Filter | None":
        """The filter for a machine, or None if its calls are not known here."""
        if machine not in MACHINES:
            return None
        audit_arch, column = MACHINES[machine]
        calls = call_numbers(column)
        to_itself = tuple(calls.pop(name) for name in TO_ITSELF)
        looked_at = [(calls.pop(name), tests) for name, tests in LOOKED_AT.items()]
        not_done = [calls.pop(name) for name in NOT_DONE if name in calls]
        return cls(
            before=packed([*_only_calls_known(audit_arch), *_with_arguments(looked_at)]),
            behind=packed([*_all(not_done, PRETENDED), *_all(calls.values(), REFUSED), verdict(ALLOW)]),
            to_itself=to_itself,
        )

    def code(self, *, pid: int) -> bytes:
        """The whole filter for a process."""
        itself = [Test(argument=0, any_of=(pid,))]
        return self.before + packed(_with_arguments((number, itself) for number in self.to_itself)) + self.behind

    def install(self, *, pid: int) -> None:
        """Let the kernel ask it before every call of this process and its threads to come, for good.

        Raises:
            OSError: the kernel refused.
        """
        prctl(PR_SET_SECCOMP, MODE_FILTER, ctypes.byref(program(self.code(pid=pid))))


def _only_calls_known(audit_arch: int) -> Iterator[Instruction]:
    """Calls that come as another machine's have other numbers, and newer ones have no verdict yet."""
    yield load(MACHINE)
    yield Instruction(JUMP_IF_EQUAL, 1, 0, audit_arch)
    yield verdict(REFUSED)
    yield load(NUMBER)
    yield from when(JUMP_IF_GREATER_OR_EQUAL, NEWEST_CALL + 1, [verdict(UNKNOWN)])
    # Its arguments lie in memory, where no filter looks; at this answer the C library takes clone.
    yield from when(JUMP_IF_EQUAL, CLONE3, [verdict(UNKNOWN)])


def _with_arguments(calls: Iterable[tuple[int, Sequence[Test]]]) -> Iterator[Instruction]:
    """Allow those whose arguments pass all tests."""
    for number, tests in calls:
        code = [line for test in tests for line in test.code(otherwise=REFUSED)]
        yield from when(JUMP_IF_EQUAL, number, [*code, verdict(ALLOW)])


def _all(numbers: Iterable[int], action: int) -> Iterator[Instruction]:
    """Give the same answer to all of these, whatever their arguments."""
    for number in numbers:
        yield from when(JUMP_IF_EQUAL, number, [verdict(action)])


def call_numbers(column: int) -> dict[str, int]:
    """The calls in calls.txt that a machine has, by its column there."""
    text = files("processor.confinement").joinpath("calls.txt").read_text("utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}
