"""One command of the command line."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 40  # characters of a number that is told back
MOST_INTEGER: Final = 2**31 - 1  # of a column `integer`
MOST_BIGINT: Final = 2**63 - 1


def _no_arguments(_: ArgumentParser) -> None:
    pass


def whole(least: int, most: int) -> Callable[[str], int]:
    """Reads a whole number of the command line, from the least to the most that can be done with it."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = least - 1
        if not least <= number <= most:
            raise ArgumentTypeError(f"invalid number {text[:LONGEST]!r}: must be from {least} to {most}")
        return number

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command: its words for a person, its arguments and what it does.

    Attributes:
        name: what is typed.
        help: half a line for the list of commands.
        description: what `sundog NAME --help` opens with.
        run: does it; imports what it needs by itself, so that a command runs where another's libraries are missing.
        add_arguments: gives the parser its arguments.
    """

    name: str
    help: str
    description: str
    run: Callable[[Namespace], None]
    add_arguments: Callable[[ArgumentParser], None] = _no_arguments
