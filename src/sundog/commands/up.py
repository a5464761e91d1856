"""`sundog up`."""

import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from common.secrecy import keep_to_ourselves
from sundog.command import Command, whole

if TYPE_CHECKING:
    from sundog.up import LocalSundog, UpOptions


def add_arguments(parser: ArgumentParser) -> None:
    """Where to listen, where to keep state, how much to run."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=whole(0, 65_535), default=8080, help="port to listen on; 0: any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--data", type=Path, default=Path(".data"), metavar="DIR", help="keeps all state (default: %(default)s)"
    )
    parser.add_argument(
        "--processors", type=whole(1, 256), default=1, metavar="N", help="processors (default: %(default)s)"
    )
    parser.add_argument(
        "--slots",
        type=whole(1, 256),
        default=2,
        metavar="N",
        help="analyses at a time, each processor (default: %(default)s)",
    )


def run(arguments: Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    from sundog.up import UpOptions  # noqa: PLC0415 - needs the libraries of both services

    keep_to_ourselves()
    options = UpOptions(
        host=arguments.host,
        port=arguments.port,
        data=arguments.data,
        processors=arguments.processors,
        slots=arguments.slots,
    )
    anyio.run(serve, options)


async def serve(options: "UpOptions") -> None:
    """Start all, say so on stdout, stop all at the first signal and at once at the second."""
    from sundog.up import LocalSundog  # noqa: PLC0415 - as above

    sundog = LocalSundog(options, tell=tell)
    try:
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async with anyio.create_task_group() as group:
                work = anyio.CancelScope()
                group.start_soon(_obey, signals, work, sundog)
                with work:
                    async with sundog:
                        sys.stdout.write(f"Sundog is ready at {sundog.url}\n")
                        sys.stdout.flush()
                        await anyio.sleep_forever()
                group.cancel_scope.cancel()
    finally:
        sundog.end_leftovers()


async def _obey(signals: AsyncIterator[signal.Signals], work: anyio.CancelScope, sundog: "LocalSundog") -> None:
    async for _ in signals:
        if work.cancel_called:
            tell("stopping at once")
            await sundog.kill()
        else:
            tell("stopping; once more to stop at once")
            work.cancel()


def tell(line: str) -> None:
    """A line for the person at the terminal; stdout is for the address alone."""
    sys.stderr.write(f"{line}\n")


COMMAND = Command(
    name="up",
    help="serve from this machine: Postgres, gateway and processors",
    description=(
        "Starts an embedded Postgres (or uses SUNDOG_DATABASE_DSN), a gateway and processors, each a process of its "
        "own, and keeps them running until Ctrl-C. State in DIR survives a restart. Prints the dashboard's address "
        "when everything answers."
    ),
    add_arguments=add_arguments,
    run=run,
)
