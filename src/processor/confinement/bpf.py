"""The little language of seccomp's filters: classic BPF over the number and the arguments of a call.

A filter is a list of instructions that runs before every call of the process and gives one verdict. Jumps only go
forward, and are counted in instructions.
"""

import ctypes
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

LOAD_WORD: Final = 0x20
JUMP_IF_EQUAL: Final = 0x15
JUMP_IF_GREATER_OR_EQUAL: Final = 0x35
AND: Final = 0x54
RETURN: Final = 0x06

ALLOW: Final = 0x7FFF0000
FAIL: Final = 0x00050000  # with an errno in its low 16 bits

NUMBER: Final = 0  # places in `struct seccomp_data`
MACHINE: Final = 4
ARGUMENTS: Final = 16


INSTRUCTION_BYTES: Final = 8


class Instruction(NamedTuple):
    """`struct sock_filter`: an operation, two distances to jump, an operand."""

    code: int
    if_true: int
    if_false: int
    operand: int


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


@dataclass(frozen=True, slots=True, kw_only=True)
class Test:
    """One condition on an argument of a call.

    Attributes:
        argument: which, from 0.
        mask: its bits that are looked at.
        any_of: what they may be.
        high: look at its upper 32 bits too, which then must be zero; for pointers.
    """

    argument: int
    any_of: Sequence[int]
    mask: int = 0xFFFFFFFF
    high: bool = False

    def code(self, *, otherwise: int) -> list[Instruction]:
        """Instructions that go on behind the last of them if it holds, and give the verdict `otherwise` if not."""
        place = ARGUMENTS + 8 * self.argument
        lines = [load(place)]
        if self.mask != 0xFFFFFFFF:
            lines.append(Instruction(AND, 0, 0, self.mask))
        for left, value in zip(range(len(self.any_of) - 1, -1, -1), self.any_of, strict=True):
            lines.append(Instruction(JUMP_IF_EQUAL, left + 1, 0, value))
        lines.append(verdict(otherwise))
        if self.high:
            lines += [load(place + 4), Instruction(JUMP_IF_EQUAL, 1, 0, 0), verdict(otherwise)]
        return lines


def load(place: int) -> Instruction:
    """Look at a word of `struct seccomp_data`."""
    return Instruction(LOAD_WORD, 0, 0, place)


def verdict(action: int) -> Instruction:
    """End with this."""
    return Instruction(RETURN, 0, 0, action)


def fail(errno: int) -> int:
    """The verdict that makes a call fail."""
    return FAIL | errno


def when(code: int, operand: int, then: Sequence[Instruction]) -> list[Instruction]:
    """`then`, if the word that was loaded last passes the comparison; else go on behind it."""
    return [Instruction(code, 0, len(then), operand), *then]


def packed(lines: Iterable[Instruction]) -> bytes:
    """A part of a program, as the kernel takes it."""
    return b"".join(struct.pack("=HBBI", *line) for line in lines)


def program(code: bytes) -> Program:
    """The whole of it, as the kernel takes it."""
    return Program(len(code) // INSTRUCTION_BYTES, code)
