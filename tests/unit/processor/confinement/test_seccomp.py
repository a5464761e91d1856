"""The filter, run by an interpreter of the few instructions that it is made of: so on machines that this one is not."""

import errno
import re
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest

from processor.confinement.bpf import ALLOW, AND, JUMP_IF_EQUAL, JUMP_IF_GREATER_OR_EQUAL, LOAD_WORD, RETURN, fail
from processor.confinement.seccomp import (
    CLONE3,
    LOOKED_AT,
    MACHINES,
    NEWEST_CALL,
    NOT_DONE,
    TO_ITSELF,
    Filter,
    call_numbers,
)

PID = 4242
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
HEADER_LINE = re.compile(r"^#define __NR(?:3264)?_(\w+)\s+(\d+)$", re.MULTILINE)
REFUSED, UNKNOWN = fail(errno.EPERM), fail(errno.ENOSYS)
NULL, ANY_POINTER = 0, 0x7F00_0000_0000
CLONE_VM, CLONE_THREAD, CLONE_NEWUSER, SIGCHLD = 0x100, 0x10000, 0x10000000, 17
# What an analysis cannot do without, with the numbers of each machine.
NEEDED = {
    "x86_64": {"read": 0, "write": 1, "munmap": 11, "openat": 257, "futex": 202, "recvfrom": 45, "exit_group": 231},
    "aarch64": {"read": 63, "write": 64, "munmap": 215, "openat": 56, "futex": 98, "recvfrom": 207, "exit_group": 94},
}


class Judge:
    """The filter of a machine for one process."""

    def __init__(self, machine: str) -> None:
        made = Filter.of(machine)
        assert made is not None
        self.code = list(struct.iter_unpack("=HBBI", made.code(pid=PID)))
        self.arch, column = MACHINES[machine]
        self.numbers = call_numbers(column)

    def verdict(self, call: str | int, *arguments: int, arch: int | None = None) -> int:
        """What becomes of a call."""
        number = call if isinstance(call, int) else self.numbers[call]
        padded = [*arguments, *[0] * (6 - len(arguments))]
        return run(self.code, struct.pack("=IIQ6Q", number, arch or self.arch, 0, *padded))


def run(code: Sequence[tuple[int, int, int, int]], data: bytes) -> int:
    loaded, at = 0, 0
    while True:
        operation, if_true, if_false, operand = code[at]
        at += 1
        match operation:
            case operation if operation == LOAD_WORD:
                (loaded,) = struct.unpack_from("=I", data, operand)
            case operation if operation == AND:
                loaded &= operand
            case operation if operation == JUMP_IF_EQUAL:
                at += if_true if loaded == operand else if_false
            case operation if operation == JUMP_IF_GREATER_OR_EQUAL:
                at += if_true if loaded >= operand else if_false
            case operation if operation == RETURN:
                return operand
            case _:
                raise AssertionError(f"no such instruction: {operation:#x}")


@pytest.fixture(params=MACHINES)
def judge(request: pytest.FixtureRequest) -> Judge:
    return Judge(request.param)


def test_what_an_analysis_needs_is_allowed() -> None:
    for machine, calls in NEEDED.items():
        judge = Judge(machine)
        assert {name: judge.verdict(number) for name, number in calls.items()} == dict.fromkeys(calls, ALLOW)


def test_every_call_of_the_list_is_refused_unless_it_is_looked_at(judge: Judge) -> None:
    listed = set(judge.numbers) - set(LOOKED_AT) - set(TO_ITSELF) - set(NOT_DONE)

    assert {name for name in listed if judge.verdict(name) != REFUSED} == set()


def test_modes_are_left_as_they_are_and_the_answer_is_yes(judge: Judge) -> None:
    done = [judge.verdict(name) for name in NOT_DONE if name in judge.numbers]

    assert done == [fail(0)] * len(done)


def test_all_that_is_looked_at_is_in_the_list(judge: Judge) -> None:
    assert {*LOOKED_AT, *TO_ITSELF} <= set(judge.numbers)


def test_calls_that_came_later_are_unknown(judge: Judge) -> None:
    assert judge.verdict(NEWEST_CALL + 1) == UNKNOWN
    assert judge.verdict(0x40000000) == UNKNOWN
    assert judge.verdict(CLONE3) == UNKNOWN


def test_calls_by_the_numbers_of_another_machine_are_refused(judge: Judge) -> None:
    assert judge.verdict("mmap", arch=0x40000003) == REFUSED


@pytest.mark.parametrize(
    ("call", "arguments", "allowed"),
    [
        ("clone", (CLONE_VM | CLONE_THREAD,), True),
        ("clone", (SIGCHLD,), False),
        ("clone", (CLONE_VM | CLONE_THREAD | CLONE_NEWUSER,), False),
        ("kill", (PID, 9), True),
        ("kill", (PID + 1, 9), False),
        ("kill", (0xFFFFFFFF, 9), False),
        ("kill", (0, 9), False),
        ("tgkill", (PID, PID, 6), True),
        ("tgkill", (1, 1, 6), False),
        ("sendto", (3, ANY_POINTER, 5, 0, NULL, 0), True),
        ("sendto", (3, ANY_POINTER, 5, 0, ANY_POINTER, 16), False),
        ("sendto", (3, ANY_POINTER, 5, 0, 0x1_0000_0000, 16), False),
        ("socketpair", (1, 1 | 0o2000000), True),
        ("socketpair", (1, 2), False),
        ("prlimit64", (0, 7, NULL, ANY_POINTER), True),
        ("prlimit64", (0, 7, ANY_POINTER, NULL), False),
        ("prlimit64", (PID + 1, 7, 0x1_0000_0000, NULL), False),
        ("setpriority", (0, 0, 10), True),
        ("setpriority", (0, PID + 1, 10), False),
        ("setpriority", (2, 0, 10), False),
        ("fcntl", (3, 4, 2048), True),
        ("fcntl", (3, 8, PID + 1), False),
        ("fcntl", (3, 1024, 1), False),
        ("ioctl", (1, 0x5401), True),
        ("ioctl", (1, 0x5412), False),
        ("mmap", (0, 4096, 3, 0x22), True),
        ("mmap", (0, 4096, 3, 0x4022), True),
        ("mmap", (0, 4096, 1, 0x01), True),
        ("mmap", (0, 4096, 3, 0x21), False),
        ("mmap", (0, 4096, 3, 0x23), False),
        ("prctl", (15,), True),
        ("prctl", (1, 0), False),
        ("prctl", (4, 1), False),
        ("personality", (0xFFFFFFFF,), True),
        ("personality", (0x0400000,), False),
    ],
)
def test_some_calls_depend_on_their_arguments(
    judge: Judge,
    call: str,
    arguments: tuple[int, ...],
    allowed: bool,  # noqa: FBT001 - a column of the table
) -> None:
    assert judge.verdict(call, *arguments) == (ALLOW if allowed else REFUSED)


def test_there_is_no_filter_for_a_machine_whose_calls_are_not_known() -> None:
    assert Filter.of("riscv64") is None


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_those_of_the_kernels_headers(machine: str) -> None:
    if not HEADERS[machine].exists():
        pytest.skip(f"there is no {HEADERS[machine]}")
    official = dict(HEADER_LINE.findall(HEADERS[machine].read_text("utf-8")))
    ours = call_numbers(MACHINES[machine][1])

    assert {name: str(number) for name, number in ours.items() if name in official and number < 424} == {
        name: number for name, number in official.items() if name in ours and int(number) < 424
    }
    assert {name for name in ours if name not in official and ours[name] <= 450} == set()
