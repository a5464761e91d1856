"""`sundog processor`."""

import socket
from argparse import ArgumentParser, Namespace
from typing import Final

import anyio
import asyncpg

from common.configuration import read_settings
from common.errors import SundogError
from common.queries import load_query
from common.settings import DatabaseSettings
from sundog.command import Command, whole

SELECT_LOCAL_HEARTBEAT = load_query("sundog", "select_local_heartbeat")
FRESH_SECONDS: Final = 20.0
CONNECT_SECONDS: Final = 5.0


class NoHeartbeatError(SundogError):
    """No processor of this host lives, as far as the database knows."""

    code = "no_heartbeat"


def add_arguments(parser: ArgumentParser) -> None:
    """Whether to run, for how long and with how much, or only to look."""
    parser.add_argument(
        "--drain",
        action="store_true",
        help="work until nothing is left to do, then exit 0; 1 if told to stop before that",
    )
    parser.add_argument(
        "--kinds", type=words, metavar="A,B", help="serve only these kinds (default: SUNDOG_PROCESSOR_KINDS, else all)"
    )
    parser.add_argument(
        "--slots", type=whole(1, 256), metavar="N", help="analyses at a time (default: SUNDOG_PROCESSOR_SLOTS, else 2)"
    )
    parser.add_argument(
        "--check", action="store_true", help="run nothing; exit 0 if a processor of this host has a fresh heartbeat"
    )


def words(text: str) -> tuple[str, ...]:
    """`a,b` as its words.

    Raises:
        ValueError: there are none.
    """
    found = tuple(word.strip() for word in text.split(",") if word.strip())
    if not found:
        raise ValueError
    return found


def run(arguments: Namespace) -> None:
    """Work until SIGTERM or SIGINT, or until the queue is drained."""
    if arguments.check:
        anyio.run(check, read_settings(DatabaseSettings).dsn.get_secret_value(), socket.gethostname())
        return
    from processor.service import main  # noqa: PLC0415 - a gateway's machine has no Polars

    given = {name: vars(arguments)[name] for name in ("kinds", "slots") if vars(arguments)[name] is not None}
    main(drain=arguments.drain, **given)


async def check(dsn: str, host: str) -> None:
    """Look for the heartbeat of a processor: for a container's health check, where no port tells anything.

    Raises:
        NoHeartbeatError: there is none, or the database does not tell.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
        try:
            fresh = await connection.fetchval(SELECT_LOCAL_HEARTBEAT, host, FRESH_SECONDS)
        finally:
            connection.terminate()
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise NoHeartbeatError(f"Postgres does not tell whether a processor of {host} lives: {error}") from error
    if not fresh:
        raise NoHeartbeatError(f"No processor of {host} has said in {FRESH_SECONDS:.0f} s that it lives.")


COMMAND = Command(
    name="processor",
    help="claim tasks and run their analyses",
    description=(
        "Claims tasks from SUNDOG_DATABASE_DSN and runs each in a process of its own, until SIGTERM or SIGINT; "
        "then running analyses get a while to finish, and what is left goes back to the queue. With --drain it ends "
        "by itself when nothing is left to do: neither due nor running here, nor due within "
        "SUNDOG_PROCESSOR_DRAIN_WAIT_S."
    ),
    add_arguments=add_arguments,
    run=run,
)
