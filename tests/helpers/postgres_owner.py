"""A process that owns an embedded Postgres until it is killed: `python postgres_owner.py FOLDER`; it prints the pid."""

import sys
from pathlib import Path

import anyio

from sundog.postgres import EmbeddedPostgres


async def own(folder: Path) -> None:
    async with EmbeddedPostgres(folder, settings={"fsync": "off"}) as server:
        print(server.pid, flush=True)  # noqa: T201 - the parent reads it
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(own, Path(sys.argv[1]))
