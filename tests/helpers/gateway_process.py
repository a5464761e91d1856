"""Gateways of the tests' own, as processes."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from helpers.database import Database

LISTENS: Final = re.compile(rb"gateway listens on port (\d+)")
COMMAND: Final = (sys.executable, "-P", "-m", "sundog", "gateway")
WITHIN_S: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayProcess:
    """A gateway that runs as a process."""

    url: str
    process: asyncio.subprocess.Process

    async def ended(self) -> int:
        """Its exit code, once it has ended."""
        async with asyncio.timeout(WITHIN_S):
            return await self.process.wait()


@asynccontextmanager
async def gateway_process(database: Database, folder: Path, **settings: str) -> AsyncIterator[GatewayProcess]:
    """A gateway that answers; killed afterwards if it has not ended by itself.

    Args:
        database: what it is a gateway of.
        folder: where its storage is, and its log.
        settings: of the environment, without `SUNDOG_`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    environment = inherited | {
        "SUNDOG_DATABASE_DSN": database.gateway_dsn,
        "SUNDOG_STORAGE_URL": (folder / "storage").as_uri(),
        "SUNDOG_GATEWAY_PORT": "0",
        **{f"SUNDOG_{name}": value for name, value in settings.items()},
    }
    errors = folder / "gateway.log"
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(*COMMAND, env=environment, stderr=stderr)
    try:
        yield GatewayProcess(url=await _url(process, errors), process=process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _url(process: asyncio.subprocess.Process, errors: Path) -> str:
    async with asyncio.timeout(WITHIN_S):
        while process.returncode is None:
            if listens := LISTENS.search(errors.read_bytes()):
                return f"http://127.0.0.1:{int(listens[1])}"
            await asyncio.sleep(0.01)
    raise AssertionError(f"the gateway ended before it listened:\n{errors.read_text(errors='replace')}")
