"""`sundog processor` as a process of its own, with children that have the breaking kinds."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from helpers.processors import ProcessorFactory

WITHIN_S: Final = 30
# A test has no time for the delays that are right for a fleet.
IMPATIENT: Final = {
    "SUNDOG_PROCESSOR_HEARTBEAT_S": "0.2",
    "SUNDOG_PROCESSOR_POLL_S": "0.2",
    "SUNDOG_PROCESSOR_RESCUE_S": "0.2",
    "SUNDOG_PROCESSOR_RETRY_FIRST_S": "0.05",
    "SUNDOG_PROCESSOR_RETRY_MOST_S": "0.1",
    "SUNDOG_PROCESSOR_THREADS": "1",
}


def environment_of(processors: ProcessorFactory) -> dict[str, str]:
    """What a processor is told that works like those of the factory."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    return {
        **inherited,
        **IMPATIENT,
        "SUNDOG_DATABASE_DSN": processors.database.processor_dsn,
        "SUNDOG_STORAGE_URL": processors.storage.url,
        "SUNDOG_PROCESSOR_WORK_DIR": str(processors.folder / "work"),
        "SUNDOG_PROCESSOR_PYTHON": processors.python,
    }


@asynccontextmanager
async def processor_process(
    *arguments: str, environment: Mapping[str, str]
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A processor, killed afterwards if it has not ended by itself."""
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "sundog", "processor", *arguments),
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def end_of(*arguments: str, environment: Mapping[str, str]) -> tuple[int | None, str]:
    """The exit code of a processor that ends by itself, and what it said."""
    async with processor_process(*arguments, environment=environment) as started:
        _, errors = await started.communicate()
    return started.returncode, errors.decode()
