"""`sundog gateway`."""

from argparse import Namespace

import anyio

from common.configuration import read_settings
from common.log import configure_logging
from common.settings import DatabaseSettings, LogSettings, StorageSettings
from sundog.command import Command


def run(_: Namespace) -> None:
    """Serve until SIGTERM or SIGINT."""
    # Only here: a processor's machine has no web server.
    from gateway.app import serve  # noqa: PLC0415
    from gateway.settings import GatewaySettings  # noqa: PLC0415

    logs = read_settings(LogSettings)
    configure_logging(service="gateway", form=logs.format, level=logs.level)
    settings = read_settings(GatewaySettings)
    database, storage = read_settings(DatabaseSettings), read_settings(StorageSettings)
    anyio.run(
        lambda: serve(settings=settings, database=database, storage=storage), backend_options={"use_uvloop": True}
    )


COMMAND = Command(
    name="gateway",
    help="serve the API and the dashboard",
    description="Serves the HTTP API and the dashboard against SUNDOG_DATABASE_DSN, until SIGTERM or SIGINT.",
    run=run,
)
