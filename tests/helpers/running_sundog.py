"""A Sundog of the tests' own: `python -m sundog up` with its data in a folder, as a new user starts it."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

READY = re.compile(rb"Sundog is ready at (http://\S+)")
START_WITHIN_S = 60
STOP_WITHIN_S = 30


@asynccontextmanager
async def running_sundog(data: Path, *, python: str = sys.executable) -> AsyncIterator[str]:
    """Start one on a free port and stop it again; gives its address. Its standard error is kept in `data`."""
    data.mkdir(parents=True, exist_ok=True)
    errors = data / "stderr.log"
    command = (python, "-m", "sundog", "up", "--port", "0", "--data", str(data))
    with errors.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=stderr)
    try:
        yield await _address(process, errors)
    finally:
        await _stop(process)


async def _address(process: asyncio.subprocess.Process, errors: Path) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(START_WITHIN_S):
        async for line in process.stdout:
            if ready := READY.search(line):
                return ready[1].decode()
    raise AssertionError(f"sundog up ended before it was ready:\n{errors.read_text(errors='replace')[-4000:]}")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()
        raise
