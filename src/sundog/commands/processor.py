"""`sundog processor`."""

from argparse import Namespace

from sundog.command import Command


def run(_: Namespace) -> None:
    """Work until SIGTERM or SIGINT."""
    from processor.app import main  # noqa: PLC0415 - a gateway's machine has no Polars

    main()


COMMAND = Command(
    name="processor",
    help="claim tasks and run their analyses",
    description=(
        "Claims tasks from SUNDOG_DATABASE_DSN and runs each in a process of its own, until SIGTERM or SIGINT; "
        "then running analyses get a while to finish, and what is left goes back to the queue."
    ),
    run=run,
)
