"""Sundog's engine for a benchmark: queued tasks, and a processor as a process of its own with the benchmarks' kinds."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path
from uuid import UUID

import asyncpg

from benchmarks.parts import kinds
from common.ids import uuid7
from helpers.plugin_environment import environment_with_kind

HAS_PROCESSOR = "SELECT EXISTS (SELECT FROM processor)"
# A task as the gateway records it, with its first event.
FILL = """
WITH asked AS (
    INSERT INTO task (id, tenant, kind, params, timeout_s, memory_mb, max_attempts, last_seq)
    SELECT id, 'tenant-' || number % $2, $3, $4::json, 600, 2048, 3, 1
    FROM unnest($1::uuid[]) WITH ORDINALITY AS given (id, number)
    RETURNING id
)
INSERT INTO event (task, seq, type) SELECT id, 1, 'queued' FROM asked
"""


async def fill(
    connection: asyncpg.Connection,
    *,
    tasks: int,
    kind: str = "noop",
    tenants: int = 1,
    params: Mapping[str, object] | None = None,
    ids: Sequence[UUID] = (),
) -> None:
    """Queue tasks, taking turns over so many tenants; new `ids` if none are given."""
    chosen = ids or [uuid7() for _ in range(tasks)]
    await connection.execute(FILL, chosen, tenants, kind, json.dumps(params or {}))


def python_with_kinds(folder: Path) -> Path:
    """Make an environment for the children, and return its Python."""
    names = [f"kind_{name}" for name in kinds.NAMES]
    return Path(environment_with_kind(Path(kinds.__file__), folder=folder, kinds=names))


def processor_environment(dsn: str, *, folder: Path, python: Path, slots: int, **more: str) -> dict[str, str]:
    """What a processor is told; its log tells warnings only, as those of the peers do."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SUNDOG_")}
    return {
        **inherited,
        "SUNDOG_DATABASE_DSN": dsn,
        "SUNDOG_STORAGE_URL": f"file://{folder}/storage",
        "SUNDOG_LOG_LEVEL": "WARNING",
        "SUNDOG_PROCESSOR_WORK_DIR": str(folder / "work"),
        "SUNDOG_PROCESSOR_PYTHON": str(python),
        "SUNDOG_PROCESSOR_SLOTS": str(slots),
        "SUNDOG_PROCESSOR_THREADS": "1",
        **more,
    }


def processor_command(changes: str = "") -> list[str]:
    """Start a processor; `changes` is Python that is run before."""
    return [sys.executable, "-P", "-c", f"{changes}\nfrom processor.service import main; main()"]


@asynccontextmanager
async def started(
    command: Sequence[str], environment: Mapping[str, str] | None, *, log: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that is asked to end afterwards, and killed if it does not; what it says may go to a file."""
    with log.open("wb") if log is not None else nullcontext() as file:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stderr=file
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(15):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


@asynccontextmanager
async def processor(
    dsn: str, *, folder: Path, python: Path, slots: int, **more: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A processor that has told that it lives."""
    environment = processor_environment(dsn, folder=folder, python=python, slots=slots, **more)
    async with started(processor_command(), environment) as process:
        connection = await asyncpg.connect(dsn)
        try:
            await until_ready(connection)
            yield process
        finally:
            await connection.close()


async def until_ready(connection: asyncpg.Connection) -> None:
    """Wait until a processor has told that it lives."""
    async with asyncio.timeout(30):
        while not await connection.fetchval(HAS_PROCESSOR):
            await asyncio.sleep(0.02)
