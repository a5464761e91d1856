"""The least that a queue on Postgres does: `bare_queue.py DSN`, run by `benchmarks.latency`.

Woken by a notification it claims one job with SKIP LOCKED, and notifies that it has it.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import uvloop

from benchmarks.parts.programs import answer_commands

CLAIM: Final = """
UPDATE job SET claimed = true
WHERE id = (SELECT id FROM job WHERE NOT claimed ORDER BY id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING id
"""
TELL: Final = "SELECT pg_notify('claimed', $1::text)"


async def work(dsn: str) -> None:
    listener, worker = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    woken = asyncio.Event()
    await listener.add_listener("work", lambda *_heard: woken.set())
    claim, tell = await worker.prepare(CLAIM), await worker.prepare(TELL)
    while True:
        while (job := await claim.fetchval()) is not None:
            await tell.fetch(str(job))
        await woken.wait()
        woken.clear()


async def answer(_command: Mapping[str, Any]) -> Mapping[str, Any]:
    return {}


async def main() -> None:
    async with asyncio.TaskGroup() as group:
        working = group.create_task(work(sys.argv[1]))
        await answer_commands(answer)
        working.cancel()


if __name__ == "__main__":
    uvloop.run(main())
