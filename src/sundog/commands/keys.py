"""`sundog keys`."""

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

import anyio
import asyncpg

from common.words import KeyRole
from sundog.command import MOST_BIGINT, MOST_INTEGER, Command, whole
from sundog.keys import Keys, NewKey, RefusedValueError, TenantChange, TenantUnknownError, opened_keys
from sundog.owner import owner_dsn

MOST_DAYS: Final = 36_500  # a century
LIMITS: Final = ("datasets", "stored_bytes", "queued", "running")


def add_arguments(parser: ArgumentParser) -> None:
    """What to do, and to which."""
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder of a `sundog up`, instead of SUNDOG_DATABASE_DSN; starts its Postgres if it does not run",
    )
    commands = parser.add_subparsers(title="what to do", metavar="ACTION", required=True, dest="action")
    create = commands.add_parser("create", help="make a key and print it, once")
    create.add_argument("--tenant", default="default", help="whose it is; made if new (default: %(default)s)")
    create.add_argument("--role", choices=[role.value for role in KeyRole], default=KeyRole.SUBMIT.value)
    create.add_argument("--name", default="", help="to recognise it by, for example where it is used")
    create.add_argument(
        "--days", type=whole(1, MOST_DAYS), metavar="N", help="how long it is good (default: until it is revoked)"
    )
    create.add_argument(
        "--requests-per-s", type=whole(1, MOST_INTEGER), metavar="N", help="default: as the gateways' settings say"
    )
    show = commands.add_parser("list", help="show the keys, without their secrets")
    show.add_argument("--tenant", help="only of this one")
    revoke = commands.add_parser("revoke", help="let a key and its sessions in no more")
    revoke.add_argument("key", help="its id, or the whole key")
    limit = commands.add_parser(
        "limit", help="give a tenant limits of its own; -1 takes one away; without limits, show them"
    )
    limit.add_argument("--tenant", help="which, made if new; without it all are shown")
    limit.add_argument("--datasets", type=whole(-1, MOST_INTEGER), metavar="N")
    limit.add_argument("--bytes", type=whole(-1, MOST_BIGINT), metavar="N", dest="stored_bytes", help="in datasets")
    limit.add_argument("--queued", type=whole(-1, MOST_INTEGER), metavar="N", help="waiting tasks")
    limit.add_argument(
        "--running",
        type=whole(-1, MOST_INTEGER),
        metavar="N",
        help="tasks at the same time, a cap; 0 pauses the tenant",
    )


def run(arguments: Namespace) -> None:
    """Do it."""
    if arguments.data is not None:
        arguments.data = arguments.data.absolute()
    anyio.run(_act, arguments)


async def _act(arguments: Namespace) -> None:
    async with _keys(arguments.data) as keys:
        match arguments.action:
            case "create":
                await _create(keys, arguments)
            case "list":
                _print_table(await keys.list(tenant=arguments.tenant))
            case "revoke":
                row = await keys.revoke(arguments.key)
                _say(f"Revoked {row['id']} of {row['tenant']}. Gateways let it in no more, within seconds.")
            case _:
                await _limit(keys, arguments)


@asynccontextmanager
async def _keys(data: Path | None) -> AsyncIterator[Keys]:
    async with owner_dsn(data) as dsn, opened_keys(dsn) as keys:
        yield keys


async def _create(keys: Keys, arguments: Namespace) -> None:
    wanted = NewKey(
        tenant=arguments.tenant,
        role=KeyRole(arguments.role),
        name=arguments.name,
        lasts=None if arguments.days is None else timedelta(days=arguments.days),
        requests_per_s=arguments.requests_per_s,
    )
    token = await keys.create(wanted)
    # The key alone goes to stdout, so that a script can take it.
    sys.stderr.write(f"This key is shown once and kept nowhere. Its id is {token.id}.\n")
    _say(token.text)


async def _limit(keys: Keys, arguments: Namespace) -> None:
    limits = {name: getattr(arguments, name) for name in LIMITS}
    if any(limit is not None for limit in limits.values()):
        if arguments.tenant is None:
            raise RefusedValueError("Nothing says whose limits these are to be.", advice="Add --tenant and its name.")
        await keys.limit(TenantChange(tenant=arguments.tenant, **limits))
    rows = [row for row in await keys.tenants() if arguments.tenant in {None, row["name"]}]
    if not rows and arguments.tenant is not None:
        raise TenantUnknownError(
            "There is no such tenant.", advice="`sundog keys limit` shows all; the first key or limit makes one."
        )
    _print_table(rows)


def _print_table(rows: Sequence[asyncpg.Record]) -> None:
    if not rows:
        _say("None.")
        return
    names = list(rows[0].keys())
    table = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(names))]
    for line in table:
        _say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return "-" if value is None or value == "" else str(value)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


COMMAND = Command(
    name="keys",
    help="make, list and revoke keys; give tenants limits",
    description=(
        "Makes, lists and revokes the keys by which callers of a gateway prove who they are, and gives tenants limits "
        "of their own. Needs the DSN of the database's owner in SUNDOG_DATABASE_DSN, or the folder of a `sundog up`."
    ),
    add_arguments=add_arguments,
    run=run,
)
