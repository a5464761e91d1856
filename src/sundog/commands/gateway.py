"""`sundog gateway`."""

from argparse import Namespace

from sundog.command import Command


def run(_: Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    from gateway.app import main  # noqa: PLC0415 - a processor's machine has no web server

    main()


COMMAND = Command(
    name="gateway",
    help="serve the API and the dashboard",
    description="Serves the HTTP API and the dashboard against SUNDOG_DATABASE_DSN, until SIGTERM or SIGINT.",
    run=run,
)
