"""One command of the command line."""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass


def _no_arguments(_: ArgumentParser) -> None:
    pass


def positive(text: str) -> int:
    """A number from one on.

    Raises:
        ValueError: it is none.
    """
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def port_number(text: str) -> int:
    """A TCP port, or 0 for any.

    Raises:
        ValueError: it is none.
    """
    number = int(text)
    if number not in range(65536):
        raise ValueError
    return number


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
