"""The command line: `sundog COMMAND`."""

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from common.errors import SundogError
from sundog.command import Command
from sundog.commands import demo, gateway, keys, migrate, processor, up

COMMANDS: Final[Sequence[Command]] = (
    up.COMMAND,
    demo.COMMAND,
    gateway.COMMAND,
    processor.COMMAND,
    migrate.COMMAND,
    keys.COMMAND,
)
INTERRUPTED: Final = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        The exit code: 0 when all went well, 1 after a failure that was explained on stderr, 130 after Ctrl-C.
    """
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        known = known_cause(error)
        if known is None:
            raise
        sys.stderr.write("\n        ".join(filter(None, (f"sundog: {known.message}", known.advice))) + "\n")
        return 1
    return 0


def known_cause(error: BaseException) -> SundogError | None:
    """The first error with a sentence for a person in `error`, which task groups may have wrapped in groups."""
    if isinstance(error, SundogError):
        return error
    if isinstance(error, BaseExceptionGroup):
        causes = (known_cause(each) for each in error.exceptions)
        return next((cause for cause in causes if cause is not None), None)
    return None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="sundog",
        description="Long analyses of people's data, shown live: a gateway, processors, and one Postgres between them.",
        epilog="The services read their settings from SUNDOG_* variables.",
    )
    parser.add_argument("--version", action="version", version=f"sundog {version('sundog')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        own = commands.add_parser(command.name, help=command.help, description=command.description)
        command.add_arguments(own)
        own.set_defaults(run=command.run)
    return parser
